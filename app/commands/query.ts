// `inframirror query 'IQL'`: asks the running server; the result on stdout, everything else on stderr.
import { CodedError } from '../../core/errors.ts';
import { plain } from '../../core/plain.ts';
import { formatTime } from '../../core/time.ts';
import { outline, sourceOf } from '../../query/language.ts';
import { command, type Options } from './arguments.ts';
import { askServer, SERVER_OPTIONS, type ServerAddress, serverOf } from './ask-server.ts';
import { follow } from './follow.ts';
import { FORMATS, type Format, formatResult } from './formats.ts';
import { momentOf } from './moment.ts';
import { diagnosticText, SHOWN_DIAGNOSTIC, type ShownDiagnostic, wantsColour } from './show-diagnostics.ts';
import type { ShownColumn } from './shown-column.ts';
import { tableOf } from './table.ts';
import { textOf } from './text.ts';
import { writeOut } from './write-out.ts';

/** The server gives no more in one answer. */
const MOST_ROWS = 100_000;

const OPTIONS: Options = {
  from: { type: 'string', value: 'TIME', summary: 'start of the range: ISO time, or 15m, 6h, 2d before `to`' },
  to: { type: 'string', value: 'TIME', summary: 'end of the range (default `at`)' },
  at: { type: 'string', value: 'TIME', summary: 'the moment that now means (default now)' },
  zone: {
    type: 'string',
    value: 'ZONE',
    summary: 'time zone of days, weeks and times without one (default UTC); a table is written in it, else in this system’s',
  },
  param: { type: 'string', multiple: true, value: 'K=V', summary: 'value of $K; V is JSON, or text' },
  limit: { type: 'string', value: 'N', summary: 'rows (default 10000, at most 100000)' },
  'count-missing': {
    type: 'boolean',
    summary: 'count values that could not be represented: the server works out from plain rows what a store does not count',
  },
  format: { type: 'string', value: 'F', summary: `${FORMATS.join(', ')} (default table on a terminal, else ndjson)` },
  follow: {
    type: 'boolean',
    summary: 'print the newest rows (--limit N, default 10), then each new one as it comes, oldest first, if its time is at most a minute back; Ctrl-C ends',
  },
  ...SERVER_OPTIONS,
};

const QUERY = `query ($text: String!, $from: Time, $to: Time, $at: Time, $params: JSON, $limit: Int, $countMissing: Boolean, $zone: String) {
  query(text: $text, from: $from, to: $to, at: $at, params: $params, limit: $limit, countMissing: $countMissing, zone: $zone) {
    columns { name type unit values } rowCount truncated { limit by }
    diagnostics { ${SHOWN_DIAGNOSTIC} }
    stats { elapsedMs rowsRead }
  }
}`;

interface Answer {
  readonly query: {
    readonly columns: readonly ShownColumn[];
    readonly rowCount: number;
    readonly truncated: { readonly limit: number } | null;
    readonly diagnostics: readonly ShownDiagnostic[];
    readonly stats: { readonly elapsedMs: number; readonly rowsRead: number };
  };
}

const paramsOf = (given: readonly string[]): Readonly<Record<string, unknown>> => {
  const out: [string, unknown][] = given.map((pair) => {
    const at = pair.indexOf('=');
    if (at < 1) throw new CodedError('command.usage', { problem: `--param ${JSON.stringify(pair)} is not K=V` });
    const text = pair.slice(at + 1);
    try {
      return [pair.slice(0, at), JSON.parse(text)];
    } catch {
      return [pair.slice(0, at), text];
    }
  });
  return Object.fromEntries(out);
};

interface CommandQuestion {
  readonly text: string;
  readonly from: bigint | undefined;
  readonly to: bigint | undefined;
  readonly at: bigint | undefined;
  readonly zone: string | undefined;
  readonly limit: number | undefined;
  readonly countMissing: boolean;
  readonly params: Readonly<Record<string, unknown>>;
}

const moment = (ns: bigint | undefined): string | undefined => (ns === undefined ? undefined : formatTime(ns));

const ask = async (server: ServerAddress, asked: CommandQuestion, signal: AbortSignal): Promise<Answer['query']> => {
  const { from, to, at, ...rest } = asked;
  return (await askServer<Answer>(server, QUERY, { ...rest, from: moment(from), to: moment(to), at: moment(at) }, signal)).query;
};

const say = (text: string): void => void process.stderr.write(`inframirror: ${plain(text)}\n`);

const NANOS_PER_HOUR = 3_600_000_000_000n;

/** Where it was looked, and how to look further. */
const rangeText = ({ text, from, at, to = at ?? BigInt(Date.now()) * 1_000_000n }: CommandQuestion): string => {
  const own = outline(text)?.ranges[0];
  if (own !== undefined) return `in the range that stands in it (${text.slice(own.span.start, own.span.end)}); a longer one looks further back`;
  return `between ${formatTime(from ?? to - NANOS_PER_HOUR)} and ${formatTime(to)}; --from 1d looks further back`;
};

/** Why a right text has no rows, as far as one more question tells. */
const explainEmpty = async (server: ServerAddress, asked: CommandQuestion, signal: AbortSignal): Promise<void> => {
  const source = sourceOf(asked.text);
  const sent = source === undefined ? 0 : (await ask(server, { ...asked, text: `${source}\n| limit 1`, limit: 1 }, signal)).rowCount;
  if (sent > 0) say('no rows. The text is right and its source has rows, but its pipes leave none of them');
  else say(`no rows. The text is right, but its source has none ${rangeText(asked)}`);
};

/** Returns whether the text was right. */
const tell = (text: string, { diagnostics }: Answer['query']): boolean => {
  if (diagnostics.length > 0) process.stderr.write(`${diagnosticText(text, diagnostics, wantsColour(process.stderr))}\n`);
  return !diagnostics.some((d) => d.severity === 'error');
};

const show = (format: Format, { columns, rowCount }: Pick<Answer['query'], 'columns' | 'rowCount'>, zone: string | undefined): void => {
  if (format !== 'table') {
    writeOut(formatResult(format, columns, rowCount));
    return;
  }
  if (columns.length === 0) return;
  const { text, empty, hidden } = tableOf(columns, rowCount, { width: process.stdout.isTTY ? process.stdout.columns : undefined, zone });
  writeOut(text);
  if (hidden.length > 0) say(`no room here for ${hidden.join(', ')}; | select names what is wanted, --format json shows all`);
  if (empty.length > 0) say(`nothing stands in ${empty.join(', ')}`);
};

export const query = (args: readonly string[]): Promise<number> =>
  command(args, "query 'IQL' [OPTIONS]", 'Asks the running server a text of IQL (- reads it from standard input).', OPTIONS, 1, async (read) => {
    const text = await textOf(read);
    const follows = read.flags.has('follow');
    const format = (read.values.get('format') ?? (process.stdout.isTTY ? 'table' : 'ndjson')) as Format;
    if (!FORMATS.includes(format)) throw new CodedError('command.usage', { problem: `--format ${JSON.stringify(format)} is none of ${FORMATS.join(', ')}` });
    const given = read.values.get('limit');
    const limit = given === undefined ? undefined : Number(given);
    // Of those that are followed the newest may be none: then only what comes from now on.
    const least = follows ? 0 : 1;
    if (limit !== undefined && !(/^\d{1,6}$/.test(given as string) && limit >= least && limit <= MOST_ROWS))
      throw new CodedError('command.usage', { problem: `--limit ${JSON.stringify(given)} is no number of rows from ${least} up to ${MOST_ROWS}` });
    const now = BigInt(Date.now()) * 1_000_000n;
    const at = momentOf(read, 'at', now);
    const to = momentOf(read, 'to', at ?? now);
    const from = momentOf(read, 'from', to ?? at ?? now);
    if (follows && (at ?? to) !== undefined) throw new CodedError('command.usage', { problem: '--follow goes on from now: leave out --at and --to' });
    const interrupted = new AbortController();
    process.once('SIGINT', () => interrupted.abort());
    const { signal } = interrupted;
    const server = serverOf(read);
    const zone = read.values.get('zone');
    const asked: CommandQuestion = {
      text,
      from,
      to,
      at,
      zone,
      limit,
      countMissing: read.flags.has('count-missing'),
      params: paramsOf(read.lists.get('param') ?? []),
    };
    if (follows) {
      const run = (since: bigint): Promise<Answer['query']> => ask(server, { ...asked, from: since, limit: MOST_ROWS }, signal);
      const width = process.stdout.isTTY ? process.stdout.columns : undefined;
      return follow({ from, last: limit, format, zone, width, run, tell: (result) => void tell(text, result), say, signal });
    }
    const result = await ask(server, asked, signal);
    if (!tell(text, result)) return 3;
    show(format, result, zone);
    if (result.truncated !== null) say(`only the first ${result.truncated.limit} rows; --limit says how many`);
    if (result.rowCount === 0 && result.diagnostics.some(({ code }) => code === 'iql.unknown-field'))
      say('no rows. A name in the text is nothing that its source has, as the warning says: it is missing in every row');
    else if (result.rowCount === 0) await explainEmpty(server, asked, signal);
    return 0;
  });
