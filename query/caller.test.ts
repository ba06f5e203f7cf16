// The ways around a filter, on real stores: what somebody may not see answers as what there is not, in rows, names, values, counts and what others
// were answered; and the limits of one caller.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DATASETS } from '../schemas/catalogue.ts';
import { rightsOf } from './3-plan/rights.ts';
import { LearnedCatalogue } from './ask/learned-catalogue.ts';
import { type Caller, type CallerLimits, unlimited } from './caller.ts';
import { conditionOf } from './row-condition.ts';
import { type CallerQueries, QueryService } from './service.ts';
import { CHANGE, END, makeData, toBatch } from './testing/store-data.ts';
import { type LoadedStores, loadStores } from './testing/stores.ts';

/** Of web-1 alone: a service, two attributes. */
const LINE = {
  time: BigInt(CHANGE) * 1_000_000n,
  severity: 'info',
  body: 'secret',
  raw: null,
  head: '',
  tail: '',
  service: 'secret-service',
  host: 'web-1',
  source: null,
  trace_id: null,
  span_id: null,
  attributes: new Map([['secret_text', 'x']]),
  numbers: new Map([['secret_number', 1]]),
  env: 'prod',
  sender: 'agent-web-1',
  file: 99n,
  position: 1n,
  insert: 9000n,
};

let loaded: LoadedStores;
let service: QueryService;
let all: CallerQueries;
let some: CallerQueries;
/** Questions to the column store. */
let questions = 0;

const rights = rightsOf([{ datasets: 'all', where: conditionOf('host in ("db-1", "__proto__")') }]);
const caller = (limits: CallerLimits = {}, name = 'some'): Caller => ({ name, rights, limits });
const views = new Map([['busy', 'from metrics.system.cpu.utilization | every 5m max | max by host']]);

beforeAll(async () => {
  const data = makeData(5);
  loaded = await loadStores({ ...data, inserts: [...data.inserts, { table: 'logs', batch: toBatch('logs', [LINE]) }] });
  const { columns, search, records } = loaded.ports;
  const counted: typeof columns = Object.assign(Object.create(columns), {
    query: (...args: Parameters<typeof columns.query>) => {
      questions++;
      return columns.query(...args);
    },
  });
  const catalogue = new LearnedCatalogue(DATASETS, columns, search, () => 3650 * 86_400_000);
  await catalogue.refresh(END);
  service = new QueryService({
    ports: { columns: counted, search, records },
    catalogue,
    saved: async () => views,
    completeUpTo: () => undefined,
    now: () => END,
  });
  all = service.for(unlimited('all'));
  some = service.for(caller());
}, 120_000);
afterAll(() => loaded?.stop());

const range = { at: BigInt(CHANGE + 600_000) * 1_000_000n, from: BigInt(CHANGE - 3_600_000) * 1_000_000n, to: BigInt(CHANGE + 600_000) * 1_000_000n };
const told = async (queries: CallerQueries, text: string) => {
  const { columns, rowCount, truncated, diagnostics } = await queries.query(text, range);
  return { columns: columns.map(({ name, type, unit, values }) => ({ name, type, unit, values })), rowCount, truncated, diagnostics };
};
const rowsOf = async (queries: CallerQueries, text: string): Promise<number> => (await told(queries, text)).rowCount;
const offered = async (queries: CallerQueries, text: string): Promise<readonly string[]> =>
  (await queries.complete(text, text.length)).map(({ label }) => label);

/** HOST: one that is there and may not be seen, or one that is not there. */
test.each([
  'from hosts | where host == "HOST"',
  'from hosts at @2026-10-25T00:30Z | where host == "HOST"',
  'data [{host: "HOST"}] | lookup hosts on host',
  'data [{host: "db-1", other: "HOST"}] | set host = other | lookup hosts on host',
  'data [{host: "HOST"}] | rename host as h | lookup hosts on h == host',
  'data [{host: "HOST"}] | where host in (from hosts | select host)',
  'data [{host: "HOST"}] | where host not in (from logs | select host)',
  'from hosts | set host = "HOST" | lookup hosts on host | sort id',
  'from hosts | rename host as h | where h == "HOST"',
  'let h = (from hosts | where host == "HOST") from h | count',
  'from logs | where host == "HOST" | count',
  'from logs | where host == "HOST" | every 5m count by service',
  'from events | where host == "HOST"',
  'from processes | where host == "HOST" | latest',
  'from metrics.system.cpu.utilization | where host == "HOST" | latest',
  'from metrics.system.cpu.utilization | every 1h max | where host == "HOST"',
  'from metrics.system.memory.usage | where not (host != "HOST") | count',
  'from views.busy | where host == "HOST"',
  'from metrics.system.cpu.utilization | where host == "HOST" | explain',
])('one that may not be seen is as one that is not there: %s', async (text) => {
  const named = async (host: string) =>
    JSON.parse(JSON.stringify(await told(some, text.replace('HOST', host))).replaceAll(host, 'HOST')) as Awaited<ReturnType<typeof told>>;
  const [hidden, missing] = await Promise.all([named('web-1'), named('no-w1')]);
  expect(hidden).toEqual(missing);
  expect(hidden.diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
});

test.each(['from hosts', 'from logs', 'from processes', 'from events', 'from metrics', 'from metrics.system.cpu.utilization', 'from views.busy'])(
  'the same text has rows for both, and fewer for one: %s',
  async (text) => {
    const [whole, seen] = [await rowsOf(all, text), await rowsOf(some, text)];
    expect(seen).toBeGreaterThan(0);
    expect(whole).toBeGreaterThan(seen);
  },
);

test('names, labels and attributes that only others have are not there', async () => {
  const [whole, seen] = [await all.visible(), await some.visible()];
  expect(whole.metricNames()).toContain('http.latency');
  expect(seen.metricNames()).toEqual(['odd.values', 'system.cpu.utilization', 'system.memory.usage', 'system.network.io']);
  expect(whole.attributeNames('logs')).toEqual(expect.arrayContaining(['secret_text', 'secret_number', 'path']));
  expect(seen.attributeNames('logs')).toContain('path');
  expect(seen.attributeNames('logs').filter((name) => name.startsWith('secret'))).toEqual([]);
  expect(seen.attribute('logs', 'secret_text')).toBeUndefined();
  for (const [hidden, missing] of [
    ['from metrics.http.latency', 'from metrics.qttp.latency'],
    ['from metrics.http.latenc', 'from metrics.qttp.latenc'],
    ['from logs | where secret_text == "x"', 'from logs | where qecret_text == "x"'],
  ] as const)
    expect(
      JSON.stringify(await told(some, hidden))
        .replaceAll('http', 'qttp')
        .replaceAll('secret', 'qecret'),
    ).toEqual(JSON.stringify(await told(some, missing)));
  expect((await all.check('from metrics.http.latency')).diagnostics).toEqual([]);
  const nothing = service.for({ name: 'none', rights: rightsOf([{ datasets: ['logs'], where: conditionOf('host == "db-1"') }]), limits: {} });
  expect((await nothing.visible()).datasets.map(({ name }) => name)).toEqual(['logs']);
  expect((await nothing.visible()).metricNames()).toEqual([]);
  expect((await nothing.query('from hosts', range)).diagnostics.map(({ code }) => code)).toEqual(['iql.unknown-source']);
});

test.each([
  ['from metrics.', 'metrics.http.latency'],
  ['from metrics.system.cpu.utilization | where host == "', 'web-1'],
  ['from metrics.system.cpu.utilization | where datacenter == "', 'lon1'],
  ['from logs between @2026-10-25T00:00Z and @2026-10-25T02:00Z | where service == "', 'secret-service'],
  ['from hosts | where host == "', 'web-1'],
  ['from logs | where secr', 'secret_text'],
])('completion after %s does not offer %s', async (text, hidden) => {
  if (hidden !== 'lon1') expect(await offered(all, text)).toContain(hidden);
  expect(await offered(some, text)).not.toContain(hidden);
});

test('nobody is told how much a store has or reads that is not theirs', async () => {
  const text = 'from metrics.system.cpu.utilization | every 1m avg';
  expect((await all.query(text, range)).stats.rowsRead).toBeGreaterThan(0);
  expect((await some.query(text, range)).stats).toMatchObject({ rowsRead: 0, bytesRead: 0 });
  const explained = async (queries: CallerQueries) => {
    const { columns } = await queries.query(`${text} | explain analyze`, range);
    return (name: string): readonly unknown[] => (columns.find((c) => c.name === name)?.values ?? []).filter((value) => value !== null);
  };
  const [whole, seen] = [await explained(all), await explained(some)];
  expect(whole('series')).toEqual([8]);
  expect(seen('series')).toEqual([4]);
  // Of the whole, and of its one answer.
  expect(whole('rows_read')).toHaveLength(2);
  expect([...seen('rows_read'), ...seen('bytes_read')]).toEqual([]);
});

test('an answer is shared by those who may see the same rows, and by nobody else', async () => {
  const text = 'from metrics.system.cpu.utilization | every 5m max | max by host';
  const asked = async (queries: CallerQueries): Promise<readonly [number, number]> => {
    const before = questions;
    const { rowCount } = await queries.query(text, { ...range, maxAgeMs: 60_000 });
    return [rowCount, questions - before];
  };
  const [whole, first] = await asked(all);
  const [seen, second] = await asked(some);
  expect(first).toBeGreaterThan(0);
  expect(second).toBeGreaterThan(0);
  expect(whole).toBeGreaterThan(seen);
  const same = rightsOf([{ datasets: 'all', where: conditionOf('host in ("db-1", "__proto__")') }]);
  expect(await asked(service.for({ name: 'another', rights: same, limits: {} }))).toEqual([seen, 0]);
  expect(await asked(all)).toEqual([whole, 0]);
});

test('what one question may take is the smaller of the caller’s and the installation’s', async () => {
  const limited = (limits: CallerLimits, name = 'limited'): CallerQueries => service.for(caller(limits, name));
  const { rowCount, truncated } = await limited({ rows: 3 }).query('from logs', { ...range, limit: 50 });
  expect([rowCount, truncated]).toEqual([3, { limit: 3, by: 'rows' }]);
  expect((await limited({ rows: 1_000_000 }).query('from logs', { ...range, limit: 5 })).rowCount).toBe(5);
  const codes = async (queries: CallerQueries, text: string) => (await queries.query(text, range)).diagnostics.map(({ code }) => code);
  expect(await codes(limited({ bytes: 1000 }), 'from logs')).toEqual(['iql.too-many-bytes']);
  expect(await codes(limited({ seconds: 0.001 }), 'from metrics | every 1m avg')).toEqual(['iql.too-slow']);
  const two = limited({ questionsAtOnce: 2 }, 'two');
  const answers = await Promise.all(['from logs', 'from logs', 'from hosts'].map((text) => codes(two, text)));
  expect(answers).toEqual([[], [], ['iql.too-many-questions']]);
  expect(await codes(two, 'from hosts')).toEqual([]);
  const values = 'from hosts | where host == "';
  expect(await offered(limited({ questionsAtOnce: 1 }, 'one'), values)).toContain('db-1');
  expect(await offered(limited({ questionsAtOnce: 0 }, 'none'), values)).not.toContain('db-1');
});

test('buckets that are held of everything are given to nobody who may see some, nor their lines', async () => {
  const { columns, search, records } = loaded.ports;
  const catalogue = new LearnedCatalogue(DATASETS, columns, search, () => 3650 * 86_400_000);
  await catalogue.refresh(END);
  const holding = new QueryService({
    ports: { columns, search, records },
    catalogue,
    tellMarks: () => undefined,
    tellWrites: { listen: () => undefined, hear: () => undefined },
    completeUpTo: () => undefined,
    now: () => END,
  });
  const text = 'from metrics.system.cpu.utilization | every 5m max | max by host';
  const chart = async (queries: CallerQueries, noCache: boolean) => (await queries.query(text, { ...range, lines: 1, noCache })).lines;
  const isHeld = async (queries: CallerQueries): Promise<boolean> => {
    const { columns: told } = await queries.query(`${text} | explain analyze`, range);
    return told.find(({ name }) => name === 'at')?.values.includes('memory') === true;
  };
  // They know the same labels: only whose rows they are tells the two apart.
  const two = { ...caller(), rights: rightsOf([{ datasets: 'all', where: conditionOf('host in ("web-1", "db-1")') }]) };
  // What is told of series beside the first questions changes their state, and nothing is held over that.
  for (const queries of [holding.for(unlimited('all')), holding.for(two), holding.for(two)]) await chart(queries, true);
  const totals: (number | undefined)[] = [];
  for (const queries of [holding.for(unlimited('all')), holding.for(two)]) {
    expect(await isHeld(queries)).toBe(false);
    const anew = await chart(queries, true);
    for (let times = 0; times < 2; times++) expect(await chart(queries, false)).toEqual(anew);
    expect(await isHeld(queries)).toBe(true);
    totals.push(anew?.total);
  }
  expect(totals[1]).toBeLessThan(totals[0] as number);
});
