// The search store on a real Elasticsearch of either version: the contract of the port; a bulk loop through a proxy that goes wrong in every way;
// documents that are refused; what cannot be used is told. Faults are random, their seed is printed.
import { randomInt } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Batch, columnOf, valueAt } from '../../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../../core/batch/build.ts';
import { CodedError } from '../../../core/errors.ts';
import { LONGEST_ATTRIBUTE } from '../../../schemas/log-document.ts';
import { TABLE_FIELDS } from '../../../schemas/tables.ts';
import { describeWith } from '../../../test/support/need.ts';
import { freePort } from '../../testing/ports.ts';
import { type Line, logBatch, searchConformance } from '../conformance.ts';
import type { DocumentColumn, LinesToWrite } from '../port.ts';
import { openElasticsearch } from './open.ts';
import { BadProxy, FATES } from './testing/bad-proxy.ts';
import { phraseOf } from './testing/phrase.ts';
import { jdkFor, noJdk, type Server, startElasticsearch, triedMajors } from './testing/server.ts';

const DAY_MS = Date.UTC(2026, 10, 21);
const DAY_NS = BigInt(DAY_MS) * 1_000_000n;

const allOf = (sender: string): string => JSON.stringify({ ask: 'rows', query: { term: { sender } }, sort: [{ position: 'asc' }], columns: COLUMNS });
const lines = (sender: string, count: number, body = (row: number) => `line ${row} of ${sender}`): readonly Line[] =>
  Array.from({ length: count }, (_, row) => ({ sender, file: 1n, position: row, time: DAY_NS + BigInt(row) * 30_000_000_000n, body: body(row) }));
/** With other values in that column, of the rows that are named. */
const changed = (batch: Batch, name: string, values: ReadonlyMap<number, string | null | Map<string, string> | Map<string, number>>): Batch =>
  batchOf(
    batch.fields.map((field, i) => {
      const column = batch.columns[i] as Batch['columns'][number];
      if (field.name !== name) return [field.name, column] as const;
      const all = Array.from({ length: batch.length }, (_, row) => (values.has(row) ? (values.get(row) as string) : valueAt(column, row)));
      return [field.name, columnFrom(field.type, all)] as const;
    }),
  );
const signal = (): AbortSignal => AbortSignal.timeout(60_000);
const codeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'resolved',
    (error: unknown) => (error instanceof CodedError ? error.code : String(error)),
  );
/** Again and again, without the pauses of the pipeline. */
const sendAll = async (sent: LinesToWrite): Promise<number> => {
  for (let failures = 0; ; failures++) {
    const code = await codeOf(sent.send(signal()));
    if (code === 'resolved') return failures;
    expect(code).toBe('search.unavailable');
  }
};

const COLUMNS: readonly DocumentColumn[] = TABLE_FIELDS.logs.map(({ name, type }) => ({ name, type, field: name }));

for (const major of triedMajors())
  describeWith(`version ${major}`, jdkFor(major), noJdk(major), (jdk) => {
    let dir: string;
    let server: Server;
    let port: number;
    beforeAll(async () => {
      dir = await mkdtemp(join(tmpdir(), 'elasticsearch-'));
      await chmod(dir, 0o755);
      port = await freePort();
      server = await startElasticsearch({ major, jdk, dir, port });
    }, 300_000);
    afterAll(async () => {
      await server?.stop();
      await rm(dir, { recursive: true, force: true });
    });

    searchConformance(`Elasticsearch ${major}`, async () => {
      let back: Promise<void> | undefined;
      const { search, writer } = openElasticsearch({ nodes: [server.url] });
      return {
        search,
        write: async (batch) => {
          const lines = writer.begin(batch);
          await lines.send(AbortSignal.timeout(30_000));
          if (lines.refused.length > 0) throw new Error(JSON.stringify(lines.refused));
          await fetch(`${server.url}/_refresh`, { method: 'POST' });
        },
        phrase: (sender, words) =>
          JSON.stringify({
            ask: 'rows',
            query: { bool: { filter: [{ term: { sender } }, phraseOf(words)] } },
            sort: [{ time: 'asc' }, { position: 'asc' }],
            columns: COLUMNS.filter(({ name }) => name === 'body'),
          }),
        all: (sender) => JSON.stringify({ ask: 'rows', query: { term: { sender } }, sort: [{ file: 'asc' }, { position: 'asc' }], columns: COLUMNS }),
        crash: () => {
          back = server.kill().then(async () => {
            server = await startElasticsearch({ major, jdk, dir, port });
          });
        },
        dispose: async () => {
          await back;
          await search.close();
        },
      };
    });

    describe('the bulk loop', { timeout: 120_000 }, () => {
      const values = async (of: { query(request: string): Promise<{ readonly batches: readonly Batch[] }> }, sender: string, name: string) => {
        await fetch(`${server.url}/_refresh`, { method: 'POST' });
        const { batches } = await of.query(allOf(sender));
        return batches.flatMap((batch) => Array.from({ length: batch.length }, (_, row) => valueAt(columnOf(batch, name), row)));
      };

      it('leaves each line there once, whatever happens on its way', async () => {
        const seed = randomInt(2 ** 31);
        let state = seed;
        const next = (count: number): number => {
          state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
          return (state >> 8) % count;
        };
        const proxy = await BadProxy.listen(port);
        const { search, writer } = openElasticsearch({ nodes: [proxy.url], requestMs: 1500 });
        try {
          await search.migrate();
          // Each kind at least once, in any order, and then any.
          const kinds = [...FATES, ...FATES.filter((fate) => fate !== 'silent')];
          for (let left = kinds.length; left > 0; left--) proxy.fates.push(...kinds.splice(next(left), 1));
          for (let round = 0; proxy.fates.length > 0; round++) {
            const sender = `faults-${seed}-${round}`;
            const written = lines(sender, 300);
            await sendAll(writer.begin(logBatch(written)));
            // As an heir does after a crash.
            await sendAll(writer.begin(logBatch(written)));
            expect(await values(search, sender, 'body'), `seed ${seed}`).toEqual(written.map(({ body }) => body));
          }
          for (const fate of FATES) expect(proxy.met.get(fate), `${fate}, seed ${seed}`).toBeGreaterThan(0);
        } finally {
          await search.close();
          await proxy.close();
        }
      });

      it('sends smaller parts to a store that is busy, and larger ones again when it is not', async () => {
        const proxy = await BadProxy.listen(port);
        const { search, writer } = openElasticsearch({ nodes: [proxy.url] });
        try {
          await search.migrate();
          const batch = logBatch(lines('busy', 1500, (row) => `${row} ${'x'.repeat(1000)}`).map((line) => ({ ...line, time: DAY_NS })));
          proxy.fates.push('busy', 'busy', 'busy', 'busy');
          expect(await sendAll(writer.begin(batch))).toBe(4);
          const first = proxy.sizes[0] as number;
          expect(proxy.sizes[4]).toBeLessThan(first / 4);
          expect(proxy.sizes.at(-2)).toBeGreaterThan(proxy.sizes[4] as number);
        } finally {
          await search.close();
          await proxy.close();
        }
      });

      it('tells which line the store refuses, and why; the others stand', async () => {
        const { search, writer } = openElasticsearch({ nodes: [server.url] });
        const written = lines('refused', 50);
        const batch = changed(
          logBatch(written),
          'service',
          new Map([
            [7, 'x'.repeat(40_000)],
            [31, 'ü'.repeat(20_000)],
          ]),
        );
        const sent = writer.begin(batch);
        await sent.send(signal());
        expect(sent.refused.map(({ row }) => row)).toEqual([7, 31]);
        expect(sent.refused[0]?.reason).toContain('immense term');
        expect(await values(search, 'refused', 'position')).toEqual(Array.from({ length: 50 }, (_, i) => BigInt(i)).filter((i) => i !== 7n && i !== 31n));
        await search.close();
      });

      it('keeps two lines that stand at one place with other words, and one of two that are the same', async () => {
        const { search, writer } = openElasticsearch({ nodes: [server.url] });
        for (const body of ['before', 'behind', 'before']) await writer.begin(logBatch(lines('twice', 1, () => body))).send(signal());
        expect((await values(search, 'twice', 'body')).toSorted()).toEqual(['before', 'behind']);
        await search.close();
      });

      it('takes attributes of any name and length, and more of them than an index has fields', async () => {
        const { search, writer } = openElasticsearch({ nodes: [server.url] });
        const names = ['', '.', 'a.b', 'a', 'a.b.c', 'x..y', ' blank ', '"\\', '\0', 'ü', '__proto__', 'constructor', 'k'.repeat(30_000), 'end.'];
        const texts = names.map(
          (name, i) =>
            new Map([
              [name, `value ${i}`],
              ['long', 'é'.repeat(LONGEST_ATTRIBUTE)],
            ]),
        );
        const many = Array.from({ length: 3 }, (_, i) => new Map(Array.from({ length: 900 }, (_, at) => [`name-${i}-${at}`, 'x'])));
        const all = [...texts, ...many];
        const numbers = [-0, 1e308, 5e-324, -1.5].map(
          (value) =>
            new Map([
              ['n', value],
              ['.', value],
            ]),
        );
        const plain = logBatch(lines('attributes', all.length));
        const batch = changed(changed(plain, 'attributes', new Map(all.entries())), 'numbers', new Map(numbers.entries()));
        const sent = writer.begin(batch);
        await sent.send(signal());
        expect(sent.refused).toEqual([]);
        const sorted = (found: readonly unknown[]) => found.map((map) => [...(map as Map<string, unknown>)].toSorted(([a], [b]) => (a < b ? -1 : 1)));
        expect(sorted(await values(search, 'attributes', 'attributes'))).toEqual(sorted(all));
        expect(sorted((await values(search, 'attributes', 'numbers')).slice(0, 4))).toEqual(
          sorted(numbers.map((map) => new Map([...map].map(([name, value]) => [name, value + 0])))),
        );
        await search.close();
      });
    });

    describe('what cannot be used', { timeout: 60_000 }, () => {
      it('is told where nothing answers, and where something else does', async () => {
        expect(await codeOf(openElasticsearch({ nodes: [`http://127.0.0.1:${await freePort()}`] }).check())).toBe('search.unavailable');
        const proxy = await BadProxy.listen(port);
        expect(await codeOf(openElasticsearch({ nodes: [`${proxy.url}/_bulk`] }).check())).not.toBe('resolved');
        await proxy.close();
      });

      it('leaves an index alone that others have made, and says so', async () => {
        const index = 'others-logs-2026.11.21';
        await fetch(`${server.url}/${index}`, { method: 'PUT' });
        const { search, writer } = openElasticsearch({ nodes: [server.url], indexPrefix: 'others' });
        await search.migrate();
        expect(await codeOf(writer.begin(logBatch(lines('x', 1))).send(signal()))).toBe('search.other-mapping');
        expect(await (await fetch(`${server.url}/${index}/_count`)).json()).toMatchObject({ count: 0 });
        await search.close();
      });

      it('leaves a template of a newer version alone', async () => {
        const body = { index_patterns: ['newer-logs-*'], priority: 500, _meta: { inframirror: 99 } };
        await fetch(`${server.url}/_index_template/newer-logs`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
        const { search } = openElasticsearch({ nodes: [server.url], indexPrefix: 'newer' });
        expect(await codeOf(search.migrate())).toBe('search.newer-schema');
        await search.close();
      });
    });

    it('drops days, the oldest told first', async () => {
      const { search, writer, days } = openElasticsearch({ nodes: [server.url], indexPrefix: 'dropped' });
      await search.migrate();
      const at = (day: number): Line => ({ sender: 'a', file: 1n, position: day, time: DAY_NS + BigInt(day) * 86_400_000_000_000n, body: 'x' });
      await writer.begin(logBatch([at(2), at(0), at(1)])).send(signal());
      await fetch(`${server.url}/_refresh`, { method: 'POST' });
      expect((await days.days()).map(({ day, rows }) => [(day - DAY_MS) / 86_400_000, rows])).toEqual([
        [0, 1],
        [1, 1],
        [2, 1],
      ]);
      await days.drop(DAY_MS + 86_400_000);
      await days.drop(DAY_MS + 86_400_000);
      expect((await days.days()).map(({ day }) => (day - DAY_MS) / 86_400_000)).toEqual([0, 2]);
      // Late lines of a day that is gone make it anew.
      await writer.begin(logBatch([at(1)])).send(signal());
      expect((await days.days()).length).toBe(3);
      await search.close();
    });
  });
