// Questions about log lines, whole answers over HTTP: a million lines of an hour (`INFRAMIRROR_BENCH_LINES`), sent by a real agent, asked when
// everything rests. `VICTORIALOGS=FILE` names that program: it gets the same lines in the same run and must find the same.
// Ranges move by a second from one question to the next. `INFRAMIRROR_BENCH_FOLDER=DIR` keeps what was loaded and asks it the next time;
// `INFRAMIRROR_BENCH_ONLY=0,3` asks some.
import { join } from 'node:path';
import { type Figure, short } from './figure.ts';
import { NEEDLE } from './load-lines.ts';
import { type Asking, type Cost, compared, costsOf, costText, mustAgree, type Points, ratioFigure } from './questions.ts';
import { countLines, followFile, sendToPeer, writeLines } from './send-lines.ts';
import { type Answer, call, resultOf, type Server, type System, startVictoriaLogs, stopped } from './server.ts';

const LINES = Number(process.env.INFRAMIRROR_BENCH_LINES ?? 1_000_000);
const HOUR_MS = 3_600_000;
const FILE = 'lines.log';

interface Question {
  readonly what: string;
  /** Behind `from logs last 1h`. */
  readonly text: string;
  /** Of the peer, behind its range. */
  readonly query: string;
  /** What tells values apart: columns of ours, fields of the peer's. Without any each row counts one. */
  readonly keys: readonly (readonly [ours: string, theirs: string])[];
}

const MESSAGE = [['body', '_msg']] as const;
const BY_SERVICE = [
  ['time', '_time'],
  ['service', 'app'],
] as const;

const QUESTIONS: readonly Question[] = [
  { what: 'a word that stands once', text: `search ${NEEDLE}`, query: NEEDLE, keys: MESSAGE },
  { what: 'a common word, counted', text: 'search refused | count', query: 'refused | stats count() n', keys: [] },
  { what: 'a phrase, counted', text: 'search "connection refused" | count', query: '"connection refused" | stats count() n', keys: [] },
  {
    what: 'a phrase, by service over time',
    text: 'search "connection refused" | every 1m count by service',
    query: '"connection refused" | stats by (_time:1m, app) count() n',
    keys: BY_SERVICE,
  },
  { what: 'newest 100 errors', text: 'where severity >= "error" | limit 100', query: 'level:error | sort by (_time desc) limit 100', keys: MESSAGE },
  { what: 'newest 100 with a word', text: 'search refused | limit 100', query: 'refused | sort by (_time desc) limit 100', keys: MESSAGE },
  { what: 'newest 50', text: 'limit 50', query: '* | sort by (_time desc) limit 50', keys: MESSAGE },
  { what: 'all, by service over time', text: 'every 1m count by service', query: '* | stats by (_time:1m, app) count() n', keys: BY_SERVICE },
  { what: 'all, by level', text: 'count by severity', query: '* | stats by (level) count() n', keys: [['severity', 'level']] },
  {
    what: 'a regular expression, counted',
    text: 'where body matches r"elapsed=29[0-9]{3}ms" | count',
    query: '~"elapsed=29[0-9]{3}ms" | stats count() n',
    keys: [],
  },
];

const part = (name: string, value: unknown): string => (name === 'time' || name === '_time' ? String(Date.parse(String(value))) : String(value));

/** A group in which nothing was found is no row of the peer's. */
const ourPoints = (question: Question, answer: Answer): Points => {
  const { columns, rowCount, diagnostics } = resultOf(answer);
  if (rowCount === 0) throw new Error(`no rows: ${question.text}: ${diagnostics.map(({ message }) => message).join('; ')}`);
  const of = (name: string): readonly unknown[] | undefined => columns.find((column) => column.name === name)?.values;
  const [counts, keys] = [of('count'), question.keys.map(([name]) => [name, of(name)] as const)];
  const rows = Array.from({ length: rowCount }, (_, row) => row).filter((row) => counts?.[row] !== 0);
  return new Map(rows.map((row) => [keys.map(([name, values]) => part(name, values?.[row])).join(' '), Number(counts?.[row] ?? 1)]));
};

const peerPoints = ({ keys }: Question, { text }: Answer): Points => {
  const rows = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Readonly<Record<string, string>>);
  return new Map(rows.map((row) => [keys.map(([, name]) => part(name, row[name])).join(' '), Number(row.n ?? 1)]));
};

const ourAsking = (server: Server, { text }: Question, end: number): Asking => ({
  system: server,
  ask: async (n) => {
    const answer = await server.ask(`from logs last 1h | ${text}`, end - n * 1000);
    if (answer.status !== 200 || answer.text.includes('"rowCount":0,')) throw new Error(`${text}: ${answer.text.slice(0, 500)}`);
    return answer;
  },
});

const peerAsking = (peer: System, { query }: Question, end: number): Asking => ({
  system: peer,
  ask: async (n) => {
    const [from, to] = [end - HOUR_MS, end].map((time) => new Date(time - n * 1000).toISOString());
    const answer = await call(`${peer.origin}/select/logsql/query?${new URLSearchParams({ query: `_time:[${from}, ${to}) ${query}` })}`, 'GET');
    if (answer.status !== 200 || answer.text === '') throw new Error(`VictoriaLogs: ${answer.status} ${answer.text}`);
    return answer;
  },
});

const load = async (server: Server, peer: System | undefined, folder: string): Promise<number> => {
  const end = Math.floor(Date.now() / 1000 - 60) * 1000;
  const file = join(folder, FILE);
  await writeLines(file, LINES, end);
  const agent = followFile(server, join(folder, 'agent'), file);
  try {
    while ((await countLines(server, FILE)) < LINES) await new Promise((resolve) => setTimeout(resolve, 2000));
  } finally {
    await stopped(agent);
  }
  if (peer !== undefined) await sendToPeer(peer, LINES, end);
  return end;
};

const figuresOf = async (server: Server, peer: System | undefined, end: number): Promise<readonly Figure[]> => {
  const only = process.env.INFRAMIRROR_BENCH_ONLY?.split(',').map(Number);
  const figures: Figure[] = [];
  for (const [number, question] of QUESTIONS.entries()) {
    if (only?.includes(number) === false) continue;
    const ours = ourAsking(server, question, end);
    const points = ourPoints(question, await ours.ask(0));
    const what = `${question.what}: from logs last 1h | ${question.text}`;
    const said = `${short(LINES)} lines, ${short(points.size)} values`;
    if (peer === undefined) {
      const [cost] = await costsOf([ours]);
      figures.push(ratioFigure(what, cost as Cost, undefined, said));
      continue;
    }
    const theirs = peerAsking(peer, question, end);
    mustAgree(question.text, points, peerPoints(question, await theirs.ask(0)));
    const [cost, other] = (await costsOf([ours, theirs])) as [Cost, Cost];
    figures.push(ratioFigure(what, cost, other, `${costText(other)} (VictoriaLogs): ${question.query}; ${said}`));
  }
  return figures;
};

export const run = (): Promise<readonly Figure[]> => {
  const program = process.env.VICTORIALOGS;
  const startPeer = program === undefined ? undefined : (folder: string) => startVictoriaLogs(program, folder);
  return compared({ startPeer, size: LINES, load, figures: figuresOf });
};
