// `explain` over real stores: what it tells is what is asked, and after `analyze` what came of it; without, no row is read.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DATASETS } from '../schemas/catalogue.ts';
import { LearnedCatalogue } from './ask/learned-catalogue.ts';
import { unlimited } from './caller.ts';
import { type AskRequest, type CallerQueries, QueryService } from './service.ts';
import { CHANGE, END, makeData } from './testing/store-data.ts';
import { type LoadedStores, loadStores } from './testing/stores.ts';

let loaded: LoadedStores;
const asked: string[] = [];
let service: CallerQueries;
beforeAll(async () => {
  loaded = await loadStores(makeData(7));
  const { columns, search, records } = loaded.ports;
  const catalogue = new LearnedCatalogue(DATASETS, columns, search);
  await catalogue.refresh(END);
  const noting = <Store extends { readonly query: (text: string, ...rest: never[]) => unknown }>(store: Store): Store =>
    Object.assign(Object.create(store) as Store, {
      query: (text: string, ...rest: never[]) => {
        asked.push(text);
        return store.query(text, ...rest);
      },
    });
  const ports = { columns: noting(columns), search: noting(search), records: noting(records) };
  service = new QueryService({ ports, catalogue, completeUpTo: () => undefined }).for(unlimited('test'));
});
afterAll(() => loaded?.stop());

const at = BigInt(CHANGE) * 1_000_000n;
const ask = async (text: string, request: AskRequest = {}): Promise<Readonly<Record<string, readonly unknown[]>>> => {
  asked.length = 0;
  const { columns, diagnostics } = await service.query(text, { at, from: at - 1_800_000_000_000n, to: at, ...request });
  expect(diagnostics.filter((d) => d.severity === 'error')).toEqual([]);
  return Object.fromEntries(columns.map(({ name, values }) => [name, values]));
};
/** Without the questions for marked hours, which stand beside each. */
const questions = (): readonly string[] => asked.filter((text) => !text.includes('FROM marks'));
const bare = (text: string): string => text.replaceAll(/\s+/g, '');

const CPU = 'from metrics.system.cpu.utilization | every 5m avg | max by host | where value > 0';

test('the questions it tells are those that are put', async () => {
  for (const text of [CPU, 'from logs | where host == "web-1" | count by service', 'from hosts | where os == "linux"']) {
    const told = await ask(`${text} | explain`);
    expect(questions()).toEqual([]);
    await ask(text);
    const lines = (told.what as readonly string[]).filter((what, i) => told.at?.[i] !== 'here' && !what.startsWith('-- '));
    expect(bare(lines.join(''))).toBe(bare(questions()[0] ?? ''));
    expect(told.step).toEqual(told.step?.map((_, i) => i + 1));
  }
});

test('what is left for this process stands first, and which store gives what it stands on', async () => {
  const { at: places, what } = await ask('from logs | limit 20 | lookup hosts on host | explain');
  const here = (what as readonly string[]).filter((_, i) => places?.[i] === 'here');
  expect(here.map((line) => line.trim().split(' ').slice(0, 2).join(' '))).toEqual(expect.arrayContaining(['join lookup', 'ask search', 'ask records']));
  expect(new Set(places)).toEqual(new Set(['here', 'search (1)', 'records (2)']));
});

test('of a metric it says how many series are meant, and how many samples they may have', async () => {
  const told = await ask(`${CPU} | explain`);
  const first = told.at?.indexOf('columns') ?? -1;
  const all = Number(told.series?.[first]);
  expect(all).toBeGreaterThan(1);
  // Half an hour of one each ten seconds; what comes before the range is read too.
  expect(Number(told.rows_expected?.[first])).toBeGreaterThanOrEqual(all * 180);
  const one = await ask('from metrics.system.cpu.utilization | where host == "web-1" | every 5m avg | max by host | explain');
  expect(Number(one.series?.[first])).toBeLessThan(all);
});

test('analyze runs it, and tells the rows of each answer', async () => {
  const rows = (await ask('from logs | where severity >= "info"')).time?.length ?? 0;
  expect(rows).toBeGreaterThan(10);
  const told = await ask('from logs | where severity >= "info" | explain analyze');
  expect(questions()).toHaveLength(1);
  expect([told.rows?.[0], told.rows_read?.[0], told.bytes_read?.[0]]).toEqual([rows, told.rows_read?.[told.at?.indexOf('search') ?? -1], expect.any(Number)]);
  expect(Number(told.rows_read?.[0])).toBeGreaterThan(0);
  expect(Number(told.took?.[0])).toBeGreaterThanOrEqual(Number(told.took?.[told.at?.indexOf('search') ?? -1]));
  const first = told.at?.indexOf('search') ?? -1;
  expect([told.rows?.[first], told.rows?.[first + 1]]).toEqual([rows, null]);
  expect(told.took?.[first]).toBeGreaterThan(0);
});

test('it is rows like any others', async () => {
  const { at: places } = await ask(`${CPU} | explain | where at != "here" | distinct at`);
  expect(places).toEqual(['columns']);
  expect((await ask(`${CPU} | explain`, { countMissing: true })).what).toEqual(expect.arrayContaining([expect.stringContaining('every')]));
});
