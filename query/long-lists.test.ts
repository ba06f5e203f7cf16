// Lists as long as programs send them, over real stores: as a parameter they are answered, whatever a store takes; written in a text they
// meet its bounds.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DATASETS } from '../schemas/catalogue.ts';
import { LearnedCatalogue } from './ask/learned-catalogue.ts';
import { unlimited } from './caller.ts';
import { type CallerQueries, QueryService } from './service.ts';
import { CHANGE, END, makeData } from './testing/store-data.ts';
import { type LoadedStores, loadStores } from './testing/stores.ts';

let loaded: LoadedStores;
let service: CallerQueries;
beforeAll(async () => {
  loaded = await loadStores(makeData(7));
  const { columns, search } = loaded.ports;
  const catalogue = new LearnedCatalogue(DATASETS, columns, search);
  await catalogue.refresh(END);
  service = new QueryService({ ports: loaded.ports, catalogue, completeUpTo: () => undefined }).for(unlimited('test'));
});
afterAll(() => loaded?.stop());

const LONG = 100_000;
const at = BigInt(CHANGE) * 1_000_000n;
const ask = (text: string, params: unknown = {}) => service.query(text, { at, from: at - 1_800_000_000_000n, to: at, params });
const names = Array.from({ length: LONG }, (_, i) => `none-${i}`);

test.each([
  ['lines', 'from logs | where host in $hosts | count', 'from logs | where host in ("web-1", "db-1") | count'],
  [
    'a label',
    'from metrics.system.cpu.utilization | where host in $hosts | count by host',
    'from metrics.system.cpu.utilization | where host in ("web-1", "db-1") | count by host',
  ],
  ['the inventory', 'from hosts | where host in $hosts | select host', 'from hosts | where host in ("web-1", "db-1") | select host'],
  ['all but these', 'from hosts | where host not in $hosts | count', 'from hosts | where host not in ("web-1", "db-1") | count'],
  ['rows in the text', 'data [{host: "web-1"}, {host: "x"}] | where host in $hosts', 'data [{host: "web-1"}, {host: "x"}] | where host in ("web-1", "db-1")'],
])('%s: a hundred thousand values of a parameter', async (_, long, short) => {
  const found = await ask(long, { hosts: [...names, 'web-1', 'db-1'] });
  expect(found.diagnostics).toEqual([]);
  const wanted = await ask(short);
  expect(wanted.rowCount).toBeGreaterThan(0);
  expect(found.columns).toEqual(wanted.columns);
});

test('written in the text so many are told its bound', async () => {
  const { diagnostics } = await ask(`from logs | where host in (${names.map((n) => `"${n}"`).join(', ')})`);
  expect(diagnostics.map((d) => d.code)).toEqual(['iql.too-long']);
});
