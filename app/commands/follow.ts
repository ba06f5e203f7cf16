// `inframirror query --follow`: the newest rows, then each row that was not there before, oldest first, until it is interrupted.
// Asks again and again over a short overlap, so that what arrives late is printed too; a server that is away is waited for.
import { setTimeout } from 'node:timers/promises';
import { CodedError, hasCode } from '../../core/errors.ts';
import { plain } from '../../core/plain.ts';
import { parseTime } from '../../core/time.ts';
import { type Format, formatResult } from './formats.ts';
import type { ShownColumn } from './shown-column.ts';
import { cellsOf, cut, ordered, saysNothing } from './table.ts';
import { writeOut } from './write-out.ts';

export interface FollowedAnswer {
  readonly columns: readonly ShownColumn[];
  readonly rowCount: number;
  readonly truncated: { readonly limit: number } | null;
  readonly diagnostics: readonly { readonly severity: string }[];
}

export interface FollowOptions<A extends FollowedAnswer> {
  /** Where the first question begins; default a few minutes back. */
  readonly from: bigint | undefined;
  /** Rows to begin with. */
  readonly last: number | undefined;
  readonly format: Format;
  readonly zone: string | undefined;
  /** Of the terminal, in characters; undefined: rows are not cut. */
  readonly width?: number | undefined;
  /** Asks for the rows since a moment, ns. */
  readonly run: (since: bigint) => Promise<A>;
  /** Tells what is wrong, and what is to be known. */
  readonly tell: (answer: A) => void;
  readonly say: (text: string) => void;
  readonly signal: AbortSignal;
  /** Between two questions. */
  readonly pause?: () => Promise<void>;
}

const EVERY_MS = 1000;
/** Asked for again: a row that comes later than this after its time is not seen. */
const OVERLAP = 60n * 1_000_000_000n;
const BEGIN = 300n * 1_000_000_000n;
/** After an outage agents send what they kept: so long all since then is asked for again. */
const CATCH_UP = 600n * 1_000_000_000n;
const FIRST_ROWS = 10;

const nanos = (): bigint => BigInt(Date.now()) * 1_000_000n;

/** Rows that an answer has more often than the answers before it: equal rows are told apart by their number only. */
export class NewRows {
  #known = new Map<string, number>();

  /** Their numbers in the answer, in its order. */
  of(columns: readonly ShownColumn[], rows: number): readonly number[] {
    const found: number[] = [];
    const counts = new Map<string, number>();
    for (let row = 0; row < rows; row++) {
      const key = JSON.stringify(columns.map(({ values }) => values[row] ?? null));
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      if (count > (this.#known.get(key) ?? 0)) found.push(row);
    }
    this.#known = counts;
    return found;
  }
}

/** Oldest first where there are times: the store answers newest first. */
const inOrderOfTime = (columns: readonly ShownColumn[], rows: readonly number[]): readonly number[] => {
  const times = columns.find(({ name, type }) => name === 'time' && type === 'time')?.values;
  if (times === undefined) return rows;
  const moments = new Map(rows.map((row) => [row, parseTime(String(times[row])) ?? 0n]));
  const at = (row: number): bigint => moments.get(row) ?? 0n;
  // Equal times are in the order they were received in, in the answer too.
  return rows.toSorted((a, b) => (at(a) < at(b) ? -1 : at(a) > at(b) ? 1 : 0));
};

const taken = (columns: readonly ShownColumn[], rows: readonly number[]): readonly ShownColumn[] =>
  columns.map((column) => ({ ...column, values: rows.map((row) => column.values[row] ?? null) }));

/** Say what they are without their name. */
const KNOWN: ReadonlySet<string> = new Set(['time', 'severity', 'host', 'service', 'source', 'body', 'value', 'name', 'title', 'kind']);

/** For people, one row a line, as a log is followed: what is missing is left out, and on a terminal what does not fit, maps first. */
const linesOf = (columns: readonly ShownColumn[], rows: number, zone: string | undefined, width: number | undefined): string => {
  const shown = width === undefined ? columns : columns.filter(({ type, name }) => type !== 'map' && name !== 'raw');
  const cells = ordered(shown).map((column) => ({
    name: KNOWN.has(column.name) ? '' : `${plain(column.name)}=`,
    column,
    texts: cellsOf(column, rows, zone),
  }));
  return Array.from({ length: rows }, (_, row) => {
    const present = cells.filter(({ column }) => !saysNothing(column.values[row]));
    return `${cut(present.map(({ name, texts }) => `${name}${texts[row]}`).join('  '), width ?? Number.POSITIVE_INFINITY)}\n`;
  }).join('');
};

/** Of a server that is away, behind a proxy too. */
const AWAY = ['command.server', 'command.foreign', 'command.answer'] as const;

/** Resolves to the exit code when it is interrupted, or when the text is wrong. */
export const follow = async <A extends FollowedAnswer>(options: FollowOptions<A>): Promise<number> => {
  const { from, last, format, zone, width, run, tell, say, signal } = options;
  const pause = options.pause ?? (() => setTimeout(EVERY_MS, undefined, { signal }).catch(() => undefined));
  const newRows = new NewRows();
  let since: bigint | undefined;
  let headed = false;
  let away = false;
  let failed = false;
  let heldUntil = 0n;
  while (!signal.aborted) {
    try {
      const now = nanos();
      const answer = await run(since ?? from ?? now - BEGIN);
      if (away) {
        say('the server answers again');
        heldUntil = now + CATCH_UP;
      }
      away = false;
      const first = since === undefined;
      const fails = answer.diagnostics.some(({ severity }) => severity === 'error');
      if (first || (fails && !failed)) tell(answer);
      failed = fails;
      if (fails && first) return 3;
      // A figure over a range that moves on says nothing by itself.
      if (first && !answer.columns.some(({ name }) => name === 'time'))
        throw new CodedError('command.usage', {
          problem: '--follow prints rows with a time as they come, and those of this text have none: leave it out, or add | every 1m …',
        });
      if (fails) {
        await pause();
        continue;
      }
      if (since === undefined || now >= heldUntil) since = now - OVERLAP;
      if (answer.truncated !== null) say(`more than ${answer.truncated.limit} rows at a time: the oldest are not shown, ask for them without --follow`);
      const fresh = inOrderOfTime(answer.columns, newRows.of(answer.columns, answer.rowCount));
      const rows = first ? fresh.slice(fresh.length - Math.min(fresh.length, last ?? FIRST_ROWS)) : fresh;
      const columns = taken(answer.columns, rows);
      const text = format === 'table' ? linesOf(columns, rows.length, zone, width) : formatResult(format, columns, rows.length);
      writeOut(headed && format === 'csv' ? text.slice(text.indexOf('\n') + 1) : text);
      headed = true;
    } catch (error) {
      if (signal.aborted) break;
      // The first question must be answered: a wrong address is no outage.
      if (since === undefined || !AWAY.some((code) => hasCode(error, code))) throw error;
      if (!away) say(`${(error as Error).message}; waiting for it`);
      away = true;
    }
    await pause();
  }
  return 0;
};
