// What the inventory says stands on every row of its host, however the host column is laid out; rows without a host go by their sender.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { withDictionaries } from '../../core/batch/arbitrary.ts';
import { UTF8, valueAt } from '../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../core/batch/build.ts';
import { silentLogger } from '../../core/logger.ts';
import { ENRICHMENT } from '../../schemas/catalogue.ts';
import { enrichmentFrom, Inventory } from '../inventory.ts';
import { enrichmentColumns } from './enrich.ts';

const inventory = new Inventory({ query: () => Promise.resolve([]) }, silentLogger);
const facts: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  a: { region: 'eu', env: 'prod' },
  b: { region: 'us' },
  '': {},
  __proto__x: { owner: 'me' },
};
inventory.update(Object.entries(facts).map(([host, known]) => ({ host, sender: `s-${host}`, enrichment: enrichmentFrom((key) => known[key]) })));

test('each row gets what is known of its host', () => {
  const host = fc.option(fc.constantFrom('a', 'b', 'unknown', '', '__proto__x', 'constructor'));
  fc.assert(
    fc.property(fc.array(host, { maxLength: 40 }), fc.constantFrom('s-a', 's-b', 'nobody'), fc.boolean(), (hosts, sender, asDictionary) => {
      const plain = columnFrom(UTF8, hosts);
      const columns = enrichmentColumns(batchOf([['host', asDictionary ? withDictionaries(plain) : plain]]), sender, inventory);
      for (const [i, key] of ENRICHMENT.entries())
        expect(hosts.map((_, row) => valueAt(columns[i] as (typeof columns)[number], row))).toEqual(
          hosts.map((name) => (Object.hasOwn(facts, name || sender.slice(2)) ? facts[name || sender.slice(2)]?.[key] : undefined) ?? null),
        );
    }),
  );
});

test('only a change of what enriches is told, once', () => {
  const told: string[] = [];
  const stop = inventory.onChange((changed) => told.push(...changed.map(({ host }) => host)));
  const entry = (env: string) => ({ host: 'c', sender: 's-c', enrichment: enrichmentFrom((key) => (key === 'env' ? env : '')) });
  inventory.update([entry('')]);
  inventory.update([entry('test')]);
  inventory.update([entry('test')]);
  inventory.update([entry('prod')]);
  stop();
  inventory.update([entry('other')]);
  expect(told).toEqual(['c', 'c']);
});
