// `inframirror query 'IQL'`: asks the running server; the result on stdout, everything else on stderr.
import { CodedError } from '../../core/errors.ts';
import { formatTime, parseTime } from '../../core/time.ts';
import { type Arguments, command, type Options } from './arguments.ts';
import { askServer, SERVER_OPTIONS, serverOf } from './ask-server.ts';
import { FORMATS, type Format, formatResult, type ShownColumn } from './formats.ts';
import { diagnosticText, type ShownDiagnostic, wantsColour } from './show-diagnostics.ts';
import { textOf } from './text.ts';

const OPTIONS: Options = {
  from: { type: 'string', value: 'TIME', summary: 'start of the range: ISO time, or 15m, 6h, 2d before `to`' },
  to: { type: 'string', value: 'TIME', summary: 'end of the range (default `at`)' },
  at: { type: 'string', value: 'TIME', summary: 'the moment that now means (default now)' },
  zone: { type: 'string', value: 'ZONE', summary: 'time zone of days, weeks and times without one (default UTC)' },
  param: { type: 'string', multiple: true, value: 'K=V', summary: 'value of $K; V is JSON, or text' },
  limit: { type: 'string', value: 'N', summary: 'rows (default 10000, at most 100000)' },
  format: { type: 'string', value: 'F', summary: `${FORMATS.join(', ')} (default table on a terminal, else ndjson)` },
  ...SERVER_OPTIONS,
};

const QUERY = `query ($text: String!, $from: Time, $to: Time, $at: Time, $params: JSON, $limit: Int, $zone: String) {
  query(text: $text, from: $from, to: $to, at: $at, params: $params, limit: $limit, zone: $zone) {
    columns { name type unit values } rowCount truncated { limit by }
    diagnostics { severity code message span { start { line column } end { line column } } fix { label } }
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

const SPANS: Readonly<Record<string, bigint>> = { s: 1n, m: 60n, h: 3600n, d: 86_400n, w: 604_800n };

const momentOf = (args: Arguments, name: string, before: bigint): bigint | undefined => {
  const text = args.values.get(name);
  if (text === undefined) return undefined;
  const span = /^-?(\d{1,9})([smhdw])$/.exec(text);
  if (span !== null) return before - BigInt(span[1] as string) * (SPANS[span[2] as string] as bigint) * 1_000_000_000n;
  const moment = text === 'now' ? before : parseTime(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);
  if (moment === undefined)
    throw new CodedError('command.usage', { problem: `--${name} ${JSON.stringify(text)} is no time; write 2026-11-20T10:00:00Z, or 6h for six hours before` });
  return moment;
};

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

export const query = (args: readonly string[]): Promise<number> =>
  command(args, "query 'IQL' [OPTIONS]", 'Asks the running server a text of IQL (- reads it from standard input).', OPTIONS, 1, async (read) => {
    const text = await textOf(read);
    const format = (read.values.get('format') ?? (process.stdout.isTTY ? 'table' : 'ndjson')) as Format;
    if (!FORMATS.includes(format)) throw new CodedError('command.usage', { problem: `--format ${JSON.stringify(format)} is none of ${FORMATS.join(', ')}` });
    const limit = read.values.get('limit');
    if (limit !== undefined && !/^\d{1,6}$/.test(limit))
      throw new CodedError('command.usage', { problem: `--limit ${JSON.stringify(limit)} is no number of rows` });
    const now = BigInt(Date.now()) * 1_000_000n;
    const at = momentOf(read, 'at', now);
    const to = momentOf(read, 'to', at ?? now);
    const from = momentOf(read, 'from', to ?? at ?? now);
    const moment = (ns: bigint | undefined): string | undefined => (ns === undefined ? undefined : formatTime(ns));
    const interrupted = new AbortController();
    process.once('SIGINT', () => interrupted.abort());
    const variables = {
      text,
      from: moment(from),
      to: moment(to),
      at: moment(at),
      zone: read.values.get('zone'),
      limit: limit === undefined ? undefined : Number(limit),
      params: paramsOf(read.lists.get('param') ?? []),
    };
    const { query: result } = await askServer<Answer>(serverOf(read), QUERY, variables, interrupted.signal);
    if (result.diagnostics.length > 0) process.stderr.write(`${diagnosticText(text, result.diagnostics, wantsColour(process.stderr))}\n`);
    if (result.diagnostics.some((d) => d.severity === 'error')) return 3;
    process.stdout.write(formatResult(format, result.columns, result.rowCount));
    if (result.truncated !== null) process.stderr.write(`inframirror: only the first ${result.truncated.limit} rows; --limit says how many\n`);
    return 0;
  });
