// Questions about metrics, whole answers over HTTP: 100,000 series of 1,000 hosts, loaded through the door (`INFRAMIRROR_BENCH_SERIES`). Asked when
// everything rests; the first one also as plain SQL. `VICTORIAMETRICS=FILE` names that program: it gets the same samples by remote-write in the same
// run, must give the same values, and is asked without its cache (`nocache`) and with it. Ranges move by a step from one question to the next, and
// nothing that our server holds is taken (`noCache`) but where a line says so: that is asked as a page does that refreshes by itself.
// `INFRAMIRROR_BENCH_FOLDER=DIR` keeps what was loaded and asks that the next time, after a restart; `INFRAMIRROR_BENCH_ONLY=0,3` asks some.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openClickHouse } from '../engines/columns/clickhouse/open.ts';
import type { ColumnStore } from '../engines/columns/port.ts';
import { metricHash } from '../schemas/series-id.ts';
import { type Figure, short } from './figure.ts';
import { COUNTER, DATACENTER, datacenterOf, GAUGE, HOSTS, questionLoads, SPARE_MS, sendAll } from './load-questions.ts';
import { hostOf, type SampleLoad, STEP_MS } from './load-samples.ts';
import { type Asking, type Cost, compared, costsOf, costText, mustAgree, type Points, ratioFigure } from './questions.ts';
import { type Answer, type AskedLines, call, remoteWrite, resultOf, type Server, type System, startVictoriaMetrics } from './server.ts';

const SERIES = Number(process.env.INFRAMIRROR_BENCH_SERIES ?? 100_000);
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const underscored = (metric: string): string => metric.replace('.', '_');
const ONE = hostOf(77);

interface Question {
  readonly text: string;
  /** Of the peer. */
  readonly query: string;
  /** Ranges end at whole ones of it, and move by as much. */
  readonly moveMs: number;
  /** What is read, and of how many series. */
  readonly rangeMs: number;
  readonly series: number;
  /** Width of buckets; undefined: one moment. */
  readonly widthMs?: number;
  /** What tells values apart beside the time. */
  readonly keys: readonly string[];
  /** Only values are compared, the largest so many: which of equal ones are there is open. */
  readonly largest?: number;
}

const inDatacenter = Array.from({ length: HOSTS }, (_, host) => host).filter((host) => datacenterOf(host) === DATACENTER).length;
const MINUTES = { moveMs: MINUTE_MS, widthMs: MINUTE_MS };
const FIVE = { moveMs: 5 * MINUTE_MS, widthMs: 5 * MINUTE_MS };
const NOW = { moveMs: STEP_MS, keys: [] };

const QUESTIONS: readonly Question[] = [
  {
    text: `from metrics.${GAUGE} last 1h | every 1m avg | avg by host`,
    query: `avg by (host) (avg_over_time(${underscored(GAUGE)}[1m]))`,
    ...{ ...MINUTES, rangeMs: HOUR_MS, series: HOSTS, keys: ['host'] },
  },
  {
    text: `from metrics.${GAUGE} last 1h | every 1m avg | avg by service`,
    query: `avg by (service) (avg_over_time(${underscored(GAUGE)}[1m]))`,
    ...{ ...MINUTES, rangeMs: HOUR_MS, series: HOSTS, keys: ['service'] },
  },
  {
    text: `from metrics.${COUNTER} last 6h | every 5m rate | sum by service`,
    query: `sum by (service) (rate(${underscored(COUNTER)}[5m]))`,
    ...{ ...FIVE, rangeMs: 6 * HOUR_MS, series: HOSTS, keys: ['service'] },
  },
  {
    text: `from metrics.${COUNTER} last 1h | every 1m rate over 5m | sum by region`,
    query: `sum by (region) (rate(${underscored(COUNTER)}[5m]))`,
    ...{ ...MINUTES, rangeMs: HOUR_MS, series: HOSTS, keys: ['region'] },
  },
  {
    text: `from metrics.${GAUGE} last 24h | where datacenter == "${DATACENTER}" | every 1h p95 | top 5 by value`,
    query: `topk(5, quantile_over_time(0.95, ${underscored(GAUGE)}{datacenter="${DATACENTER}"}[1h]))`,
    ...{ moveMs: HOUR_MS, widthMs: HOUR_MS, rangeMs: 24 * HOUR_MS, series: inDatacenter, keys: [], largest: 5 },
  },
  {
    text: `from metrics.${GAUGE} | latest | top 10 by value`,
    query: `topk(10, ${underscored(GAUGE)})`,
    ...{ ...NOW, rangeMs: HOUR_MS, series: HOSTS, largest: 10 },
  },
  {
    text: 'from metrics last 5m | where name starts with "bench." | latest | count',
    query: 'count({__name__=~"bench_.+"})',
    ...{ ...NOW, rangeMs: 5 * MINUTE_MS, series: SERIES },
  },
  {
    text: `from metrics.${GAUGE} last 24h | where host == "${ONE}" | every 5m avg`,
    query: `avg_over_time(${underscored(GAUGE)}{host="${ONE}"}[5m])`,
    ...{ ...FIVE, rangeMs: 24 * HOUR_MS, series: 1, keys: ['host'] },
  },
  {
    text: `from metrics.${GAUGE} | where host == "${ONE}" | latest`,
    query: `${underscored(GAUGE)}{host="${ONE}"}`,
    ...{ ...NOW, rangeMs: HOUR_MS, series: 1, keys: ['host'] },
  },
];

/** The end of the range the `n`-th time, ms. */
const endOf = ({ moveMs }: Question, to: number, n: number): number => {
  const spare = moveMs === HOUR_MS ? SPARE_MS.hours : moveMs === STEP_MS ? SPARE_MS.minutes : SPARE_MS.hours - moveMs;
  return Math.floor(to / moveMs) * moveMs - ((n * moveMs) % spare);
};

const largestOf = (points: Points, count: number | undefined): Points =>
  count === undefined
    ? points
    : new Map(
        [...points.values()]
          .toSorted((a, b) => b - a)
          .slice(0, count)
          .map((value, i) => [String(i), value]),
      );

const linePoints = ({ keys, largest }: Question, { times, keys: columns, values }: AskedLines): Points => {
  const named = keys.map((name) => columns.find((column) => column.name === name)?.values);
  const points = new Map<string, number>();
  for (const [line, along] of (values[0]?.values ?? []).entries())
    for (const [at, value] of along.entries()) {
      const key = largest === undefined ? [Date.parse(times[at] as string), ...named.map((column) => column?.[line])].join(' ') : String(points.size);
      if (value !== null) points.set(key, value);
    }
  return largestOf(points, largest);
};

const ourPoints = (question: Question, answer: Answer): Points => {
  const { columns, lines, rowCount, diagnostics } = resultOf(answer);
  if (rowCount === 0) throw new Error(`no rows: ${question.text}: ${diagnostics.map(({ message }) => message).join('; ')}`);
  if (lines !== null) return linePoints(question, lines);
  const of = (name: string): readonly (string | number | null)[] | undefined => columns.find((column) => column.name === name)?.values;
  const values = of('value') ?? of('count') ?? [];
  const [time, ...keys] = [question.widthMs === undefined ? undefined : of('time'), ...question.keys.map(of)];
  const key = (row: number): string => [time === undefined ? 0 : Date.parse(String(time[row])), ...keys.map((column) => column?.[row])].join(' ');
  // Those of which only the largest are compared have more labels, which tell them apart.
  const name = question.largest === undefined ? key : String;
  return largestOf(new Map(values.map((value, row) => [name(row), Number(value)])), question.largest);
};

interface PeerSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
}

const peerPoints = (question: Question, { text }: Answer): Points => {
  const points = new Map<string, number>();
  const { data, error } = JSON.parse(text) as { readonly data?: { readonly result: readonly PeerSeries[] }; readonly error?: string };
  if (data === undefined) throw new Error(`VictoriaMetrics: ${error}`);
  for (const { metric, value, values = value === undefined ? [] : [value] } of data.result)
    for (const [seconds, number] of values) {
      const time = question.widthMs === undefined ? 0 : seconds * 1000 - question.widthMs;
      const key = question.largest === undefined ? [time, ...question.keys.map((name) => metric[name])].join(' ') : String(points.size);
      points.set(key, Number(number));
    }
  return largestOf(points, question.largest);
};

const ourAsking = (server: Server, question: Question, to: number): Asking => ({
  system: server,
  ask: async (n) => {
    // Over time as a chart, and every line of it.
    const answer = await server.ask(question.text, endOf(question, to, n), {
      ...(question.widthMs === undefined ? {} : { lines: HOSTS }),
      noCache: true,
    });
    if (answer.status !== 200 || answer.text.includes('"rowCount":0,')) throw new Error(`${question.text}: ${answer.text.slice(0, 500)}`);
    return answer;
  },
});

/** How often a page asks again. */
const AGAIN_MS = 5000;

/** As a page asks that refreshes by itself: by what both hold, the range moved on by seconds. */
const againEnd = (to: number, n: number): number => to - HOUR_MS + n * AGAIN_MS;
const ourAgain = (server: Server, { text }: Question, to: number, noCache = false): Asking => ({
  system: server,
  ask: async (n) => {
    const answer = await server.ask(text, againEnd(to, n), { lines: HOSTS, noCache });
    if (resultOf(answer).rowCount === 0) throw new Error(`${text}: ${answer.text.slice(0, 500)}`);
    return answer;
  },
});
const peerAgain = (peer: System, { query, rangeMs, widthMs = 0 }: Question, to: number): Asking => ({
  system: peer,
  ask: async (n) => {
    const end = againEnd(to, n) / 1000;
    const parameters = Object.entries({ query, start: end - rangeMs / 1000, end, step: widthMs / 1000 }).map(([name, value]) => [name, String(value)]);
    const answer = await call(`${peer.origin}/api/v1/query_range?${new URLSearchParams(parameters)}`, 'GET');
    if (answer.status !== 200) throw new Error(`VictoriaMetrics: ${answer.text}`);
    return answer;
  },
});

/** Beside the peer with its cache, which moves ranges to whole steps, so that it has no bucket that the range cuts. */
const askedAgain = async (server: Server, peer: System | undefined, question: Question, to: number): Promise<Figure> => {
  const held = ourAgain(server, question, to);
  for (const n of [0, 1, 2]) {
    const [ours, anew] = [ourPoints(question, await held.ask(n)), ourPoints(question, await ourAgain(server, question, to, true).ask(n))];
    mustAgree(`${question.text}, by what is held`, ours, anew);
  }
  const [cost, cached] = (await costsOf([held, ...(peer === undefined ? [] : [peerAgain(peer, question, to)])])) as [Cost, Cost | undefined];
  const against = cached === undefined ? '' : `${costText(cached)} (VictoriaMetrics with its cache, at whole steps)`;
  return ratioFigure('the same, asked again 5 s later, with what is held', cost, cached, against);
};

/** A window of the peer ends where it stands, a bucket of ours begins there. */
const peerAsking = (peer: System, question: Question, to: number, noCache: boolean): Asking => ({
  system: peer,
  ask: async (n) => {
    const { query, widthMs, rangeMs } = question;
    const end = endOf(question, to, n) / 1000;
    const range = widthMs === undefined ? { time: end } : { start: end - (rangeMs - widthMs) / 1000, end, step: widthMs / 1000 };
    const parameters = Object.entries({ query, ...range, ...(noCache ? { nocache: 1 } : {}) }).map(([name, value]) => [name, String(value)]);
    const answer = await call(`${peer.origin}/api/v1/query${widthMs === undefined ? '' : '_range'}?${new URLSearchParams(parameters)}`, 'GET');
    if (answer.status !== 200) throw new Error(`VictoriaMetrics: ${answer.text}`);
    return answer;
  },
});

/** The first question as somebody writes it by hand. */
const SQL = `SELECT t, host, avg(v) AS value FROM (SELECT id, toStartOfMinute(time) AS t, avg(mantissa / exp10(exponent)) AS v FROM samples
WHERE metric = ${metricHash(GAUGE)} AND time >= fromUnixTimestamp64Milli({from:Int64}) AND time < fromUnixTimestamp64Milli({to:Int64}) GROUP BY id, t) AS a
INNER JOIN (SELECT id, labels['host'] AS host FROM series WHERE metric = ${metricHash(GAUGE)}) AS s USING id GROUP BY t, host ORDER BY t, host`;

const sqlAsking = (columns: ColumnStore, server: Server, question: Question, to: number): Asking => ({
  system: server,
  ask: async (n) => {
    const end = endOf(question, to, n);
    const { batches } = await columns.query(SQL, { params: { from: end - question.rangeMs, to: end } });
    return { status: 200, text: String(batches.reduce((sum, batch) => sum + batch.length, 0)) };
  },
});

/** Beside the same rows by hand, through our port. */
const besideSql = async (server: Server, question: Question, values: number, to: number): Promise<Figure> => {
  const socketPath = join(server.folder, 'columns', 'columns.sock');
  if (!existsSync(socketPath)) throw new Error(`the path of the folder is too long: ${server.folder}`);
  const columns = openClickHouse({ url: 'http://columns.embedded', socketPath });
  try {
    const sql = sqlAsking(columns, server, question, to);
    const rows = (await sql.ask(0)).text;
    if (rows !== String(values)) throw new Error(`${rows} rows by hand for ${values} values`);
    const [ours, hand] = (await costsOf([ourAsking(server, question, to), sql])) as [Cost, Cost];
    return { what: 'the same, p50 beside plain SQL (goal 1.2)', value: costText(ours), against: `${costText(hand)} (plain SQL)`, ratio: ours.p50 / hand.p50 };
  } finally {
    await columns.close();
  }
};

const load = async (server: Server, peer: System | undefined): Promise<number> => {
  const to = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
  const sent = async (who: string, send: (load: SampleLoad, step: number) => Promise<unknown>): Promise<void> => {
    const begun = performance.now();
    const samples = await sendAll(questionLoads(SERIES, to), send);
    console.error(`${who}: ${short(samples)} samples taken in ${Math.round((performance.now() - begun) / 1000)} s`);
  };
  await sent('ours', (one, step) => server.send(one.frame(step)));
  if (peer !== undefined) await sent('VictoriaMetrics', (one, step) => remoteWrite(peer, one.remoteWrite(step)));
  return to;
};

const figuresOf = async (server: Server, peer: System | undefined, to: number): Promise<readonly Figure[]> => {
  const only = process.env.INFRAMIRROR_BENCH_ONLY?.split(',').map(Number);
  const figures: Figure[] = [];
  for (const [number, question] of QUESTIONS.entries()) {
    if (only?.includes(number) === false) continue;
    const { text, query, rangeMs, series } = question;
    const ours = ourAsking(server, question, to);
    const points = ourPoints(question, await ours.ask(0));
    const interval = rangeMs >= HOUR_MS ? `${rangeMs / HOUR_MS} h` : `${rangeMs / MINUTE_MS} min`;
    const said = `${interval} of ${short(series)} series, ${short(points.size)} values`;
    if (peer === undefined) {
      const [cost] = await costsOf([ours]);
      figures.push(ratioFigure(text, cost as Cost, undefined, said));
    } else {
      const theirs = peerAsking(peer, question, to, true);
      mustAgree(text, points, peerPoints(question, await theirs.ask(0)));
      const [cost, bare, cached] = (await costsOf([ours, theirs, peerAsking(peer, question, to, false)])) as [Cost, Cost, Cost];
      figures.push(ratioFigure(text, cost, bare, `${costText(bare)} (VictoriaMetrics; with its cache ${cached.cpuMs.toFixed(1)}): ${query}; ${said}`));
    }
    if (question.widthMs !== undefined) figures.push(await askedAgain(server, peer, question, to));
    if (number === 0) figures.push(await besideSql(server, question, points.size, to));
  }
  return figures;
};

export const run = (): Promise<readonly Figure[]> => {
  const program = process.env.VICTORIAMETRICS;
  const startPeer = program === undefined ? undefined : (folder: string) => startVictoriaMetrics(program, folder);
  return compared({ startPeer, size: SERIES, load, figures: figuresOf });
};
