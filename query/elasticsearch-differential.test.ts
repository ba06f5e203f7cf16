// Log lines in a real Elasticsearch of either version: the cases whose rows were worked out by hand, and random texts, whose answer must be the
// one that this process works out from plain rows. Prints how much was really asked of the store.
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jdkFor, noJdk, type Server, startElasticsearch, triedMajors } from '../engines/search/elasticsearch/testing/server.ts';
import { RETENTION } from '../schemas/retention.ts';
import { sized } from '../test/support/long.ts';
import { describeWith } from '../test/support/need.ts';
import { SEED } from '../test/support/seed.ts';
import type { PlanRequest } from './3-plan/request.ts';
import { ALL_ROWS } from './3-plan/rights.ts';
import { explained } from './4-emit/fragment.ts';
import { ask, askersOf } from './ask/ask.ts';
import { LearnedAttributes } from './ask/learned-attributes.ts';
import { split, storesWith } from './compile.ts';
import { RUN_FUNCTIONS } from './functions/run/functions.ts';
import { bothWays, difference, type Pushed } from './testing/both-ways.ts';
import { PARAMETERS, randomText } from './testing/random-text.ts';
import { readSpec, type SpecCase } from './testing/spec-file.ts';
import { sameRows, writtenRows } from './testing/spec-rows.ts';
import { loweredPlan, shownRows } from './testing/spec-run.ts';
import { CHANGE, END, makeData } from './testing/store-data.ts';
import { learnedCatalogue } from './testing/store-metrics.ts';
import { StoredRows } from './testing/stored-rows.ts';
import { type LoadedStores, loadStores, withElasticsearch } from './testing/stores.ts';
import { optimizeVerified } from './testing/verify-plan.ts';

const TEXTS = Number(process.env.INFRAMIRROR_TEXTS ?? sized(150, 2000));

const folder = new URL('spec/', import.meta.url);
const cases: readonly SpecCase[] = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((f) => f.endsWith('.iql'))
  .sort()
  .flatMap((f) => readSpec(f, readFileSync(new URL(f, folder), 'utf8')))
  .filter((c) => c.sections.has('rows') && !(c.file === 'aggregates/sum.iql' && c.title === 'floats are compensated'));
const rows = new StoredRows();
const stored = cases.flatMap((c) => {
  const plan = rows.put(loweredPlan(c).plan, 'search');
  return plan === undefined ? [] : [{ c, plan, title: `${c.file}: ${c.title}` }];
});

const moment = (ms: number): bigint => BigInt(ms) * 1_000_000n;
/** Ends, zone and watermark of the request by one number. */
const requestOf = (n: number): PlanRequest => {
  const at = moment(CHANGE + ([10, 20, 7.5, 0][n % 4] as number) * 60_000) + (n % 3 === 1 ? 1n : 0n);
  const from = at - moment(([20, 60, 180, 1] as const)[n % 4] as number) * 60_000n;
  const zone = (['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata'] as const)[(n >> 2) % 4] as string;
  return { at, from, to: at, zone, parameters: PARAMETERS, rights: ALL_ROWS, completeTo: n % 5 === 0 ? at - moment(90_000) : at, notice: () => {} };
};
const TEXT = [
  'from logs | search connection refused',
  'from logs | search time* or "out of" | limit 5',
  'from logs | search "a b*" | count by service',
  'from logs | search -error | every 5m count by host',
  'from logs | where severity == "error" or severity == "warn" | summarize n = count() by service, severity',
  'from logs | where severity >= "warn" | every 1m count by service',
  'from logs | where severity != "error" | count',
  'from logs last 3d | every 1d count by service',
  'from logs last 3w | every 1w count',
  'from logs | every 90s n = count(), bad = count(where severity == "error") by service',
  'from logs | every all count',
  'from logs | where exists duration_ms | summarize n = count(), d = count(duration_ms) by path',
  'from logs | where duration_ms > 100 | count by service',
  'from logs | where duration_ms <= 50.5 and not (path == "/a") | limit 20',
  'from logs | where path in ("/a", "/b", "none") | count by path',
  'from logs | where path starts with "/" | count',
  'from logs | where service like "s*p" | count by service',
  'from logs | where body has "refused" and host != "web-1" | count',
  'from logs | where body contains "fuse" | count by host',
  'from logs | top 5 by time | select time, body',
  'from logs | sort host desc, service | limit 7 | select host, service, time',
  'from logs | where time > @2026-11-20T10:00Z | count',
  'from logs | distinct service, host',
];

for (const major of triedMajors())
  describeWith(`log lines in Elasticsearch ${major}`, jdkFor(major), noJdk(major), (jdk) => {
    let dir: string;
    let server: Server;
    let base: LoadedStores;
    beforeAll(async () => {
      dir = await mkdtemp(join(tmpdir(), 'elasticsearch-'));
      await chmod(dir, 0o755);
      server = await startElasticsearch({ major, jdk, dir });
    }, 300_000);
    afterAll(async () => {
      await server?.stop();
      await rm(dir, { recursive: true, force: true });
    });

    describe('what was worked out by hand', () => {
      let loaded: LoadedStores;
      beforeAll(async () => {
        console.log(`${stored.length} of ${cases.length} cases have rows that are log lines`);
        base = await loadStores(rows.data);
        loaded = await withElasticsearch(base, rows.data, server.url);
      }, 120_000);
      afterAll(async () => {
        await loaded?.stop();
        await base?.stop();
      });

      test.each(stored.map((s) => [s.title, s] as const))('%s', async (_, { c, plan }) => {
        const parts = split(optimizeVerified(plan), storesWith({ ...loaded.known, dialect: 'elasticsearch' }));
        const { batches } = await ask(parts, askersOf(loaded.ports), RUN_FUNCTIONS);
        const found = shownRows(batches, parts.plan, loweredPlan(c).columns);
        const wanted = writtenRows((c.sections.get('rows') as readonly string[]).slice(1));
        const asked = Array.from(parts.fragments.values(), (f) => explained(f).text);
        if (!sameRows(found, wanted)) expect(found, `${c.text}\n${asked.join('\n')}`).toEqual(wanted);
      });
    });

    describe('random texts', () => {
      let loaded: LoadedStores;
      beforeAll(async () => {
        const data = makeData(SEED);
        base = await loadStores(data);
        loaded = await withElasticsearch(base, data, server.url);
      }, 120_000);
      afterAll(async () => {
        await loaded?.stop();
        await base?.stop();
      });

      test('tell the same attributes as those of the column store', async () => {
        const [of, wanted] = [loaded, base].map(({ ports }) => new LearnedAttributes(ports.search, () => RETENTION.logs)) as [
          LearnedAttributes,
          LearnedAttributes,
        ];
        for (const ms of [END, END + 10_000]) for (const learner of [of, wanted]) await learner.learn(ms);
        expect(of.all.length).toBeGreaterThan(3);
        expect(of.all.map(({ name, type, lastSeen }) => [name, type, lastSeen])).toEqual(wanted.all.map(({ name, type, lastSeen }) => [name, type, lastSeen]));
      });

      test.each(TEXT)('%s', async (text) => {
        for (const request of [0, 1, 2, 6, 10]) {
          const both = await bothWays(text, learnedCatalogue, requestOf(request), loaded, { filteredTwice: request === 2 });
          expect('failed' in both.pushed ? both.pushed.failed : 'rows').toBe('rows');
          expect(difference(both), both.sql.join('\n')).toBeUndefined();
        }
      });

      test('have one answer', { timeout: 300_000 + TEXTS * 1000 }, async () => {
        const shares: Record<Pushed, number> = { whole: 0, partly: 0, 'plain rows': 0 };
        const numbers = fc.array(fc.nat(1 << 20), { minLength: 24, maxLength: 24 });
        const texts = fc
          .noBias(
            fc.record({
              head: fc.array(fc.nat(1 << 20), { minLength: 2, maxLength: 2 }),
              pipes: fc.array(numbers, { maxLength: 5, size: 'max' }),
              request: fc.nat(1 << 20),
            }),
          )
          .map(({ head, pipes, request }) => ({ text: randomText(head, pipes, learnedCatalogue), request }))
          .filter(({ text }) => text.includes('from logs'));
        await fc.assert(
          fc.asyncProperty(texts, async ({ text, request }) => {
            const both = await bothWays(text, learnedCatalogue, requestOf(request), loaded, { filteredTwice: request % 3 === 0 }).catch((error: unknown) => {
              throw new Error(`${text}\n${(error as Error).message}`, { cause: error });
            });
            shares[both.share]++;
            const found = difference(both);
            if (found !== undefined) throw new Error(`${text}\n(request ${request})\n${found}\n${both.sql.join('\n')}`);
          }),
          { numRuns: TEXTS, endOnFailure: false, seed: SEED },
        );
        console.log(`of ${TEXTS} texts ${shares.whole} were pushed whole, ${shares.partly} partly, ${shares['plain rows']} as plain rows`);
        expect(shares.whole + shares.partly).toBeGreaterThan(TEXTS / 10);
      });
    });
  });
