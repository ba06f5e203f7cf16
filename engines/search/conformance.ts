// The contract of the port `Search` as tests: call it from a `*.test.ts` of each implementation.
// Requests are in the store's own language, so the caller hands in those the tests need.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Batch, type Value, valueAt } from '../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../core/batch/build.ts';
import { sliceBatch, takeRows } from '../../core/batch/take.ts';
import type { ErrorCode } from '../../core/errors.ts';
import { TABLE_FIELDS } from '../../schemas/tables.ts';
import type { Search, WriteOutcome } from './port.ts';

export interface SearchUnderTest {
  readonly search: Search;
  /** Request for the bodies of one sender's documents that hold the words side by side; a column `body`, by time and row. */
  phrase(sender: string, words: string): string;
  /** Request for all of one sender's documents with the columns of the table `logs`, by boot, seq and row. */
  all(sender: string): string;
  /** Kills what is behind the port with SIGKILL; it must come back by itself. */
  crash(): void;
  dispose(): Promise<void>;
}

export interface Line {
  readonly sender: string;
  readonly seq: bigint;
  readonly row: number;
  readonly time: bigint | null;
  readonly body: string | null;
  readonly raw?: string;
  readonly head?: string;
  readonly tail?: string;
}

const DAY = 1_795_219_200_000_000_000n;
const NANOS_PER_DAY = 86_400_000_000_000n;

const messageOf = (sender: string, boot: bigint, seq: bigint): bigint => createHash('sha256').update(`${sender}/${boot}/${seq}`).digest().readBigUInt64BE();

/** A batch of the table `logs`. */
export const logBatch = (lines: readonly Line[]): Batch =>
  batchOf(
    TABLE_FIELDS.logs.map(({ name, type }) => {
      const value = (line: Line, at: number): Value => {
        switch (name) {
          case 'time':
            return line.time;
          case 'body':
            return line.body;
          case 'sender':
            return line.sender;
          case 'boot':
            return 3n;
          case 'seq':
            return line.seq;
          case 'row':
            return line.row;
          case 'message':
            return messageOf(line.sender, 3n, line.seq);
          case 'insert':
            return 1n;
          case 'raw':
            return line.raw ?? null;
          case 'head':
            return line.head ?? '';
          case 'tail':
            return line.tail ?? '';
          case 'severity':
            return at % 3 === 0 ? null : 'info';
          case 'service':
            return at % 5 === 0 ? '' : 'shop';
          case 'attributes':
            return new Map([
              ['__proto__', 'x'],
              ['path', '/a'],
            ]);
          case 'numbers':
            return new Map([['status', 500 + at]]);
          default:
            return null;
        }
      };
      return [name, columnFrom(type, lines.map(value))] as const;
    }),
  );

const linesOf = (sender: string, seqs: number, rows: number, time = DAY): readonly Line[] =>
  Array.from({ length: seqs * rows }, (_, i) => ({
    sender,
    seq: BigInt(Math.floor(i / rows)),
    row: i % rows,
    time: time + BigInt(i) * 1_000_003n,
    body: `line ${i} of ${sender}`,
  }));

const codeOf = async (call: Promise<unknown>): Promise<ErrorCode | 'resolved'> =>
  call.then(
    () => 'resolved' as const,
    (error: { code: ErrorCode }) => error.code,
  );

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const searchConformance = (name: string, open: () => Promise<SearchUnderTest>): void => {
  describe(`the contract of search: ${name}`, { timeout: 60_000 }, () => {
    let store: SearchUnderTest;
    let search: Search;
    let senders = 0;
    const newSender = (): string => `sender-${senders++}'"\\ü`;
    beforeAll(async () => {
      store = await open();
      search = store.search;
      await search.migrate();
      await search.migrate();
    }, 60_000);
    afterAll(() => store?.dispose());

    const rowsOf = async (request: string): Promise<readonly (readonly Value[])[]> =>
      (await search.query(request)).batches.flatMap((batch) =>
        Array.from({ length: batch.length }, (_, row) => batch.columns.map((column) => valueAt(column, row))),
      );
    const idsOf = async (sender: string): Promise<readonly string[]> => {
      const { batches } = await search.query(store.all(sender));
      return batches.flatMap((batch) => {
        const at = ['seq', 'row'].map((column) => batch.fields.findIndex((f) => f.name === column));
        return Array.from({ length: batch.length }, (_, row) => at.map((i) => valueAt(batch.columns[i] as Batch['columns'][number], row)).join('/'));
      });
    };
    const expected = (lines: readonly Line[]): readonly string[] => lines.map((l) => `${l.seq}/${l.row}`);
    const found = async (sender: string, words: string): Promise<readonly Value[]> => (await rowsOf(store.phrase(sender, words))).flat();
    const write = async (lines: readonly Line[]): Promise<WriteOutcome> => search.write(logBatch(lines));

    it('writes rows and gives every value back', async () => {
      const sender = newSender();
      const batch = logBatch(linesOf(sender, 2, 3));
      expect(await search.write(batch)).toEqual({ created: 6, existing: 0, rejected: [] });
      const answer = await search.query(store.all(sender));
      const rows = answer.batches.flatMap((b) => Array.from({ length: b.length }, (_, row) => b.columns.map((column) => valueAt(column, row))));
      expect(rows).toEqual(Array.from({ length: 6 }, (_, row) => batch.columns.map((column) => valueAt(column, row))));
      expect(answer.batches[0]?.fields).toEqual(batch.fields);
    });

    it('takes a batch without rows', async () => {
      expect(await write([])).toEqual({ created: 0, existing: 0, rejected: [] });
    });

    it('leaves every document once when a batch is written again, wholly or in part', async () => {
      const sender = newSender();
      const lines = linesOf(sender, 10, 20);
      expect((await write(lines)).created).toBe(200);
      expect(await write(lines)).toEqual({ created: 0, existing: 200, rejected: [] });
      expect(await write(lines.slice(30, 90))).toEqual({ created: 0, existing: 60, rejected: [] });
      const more = linesOf(sender, 12, 20);
      expect(await write(more)).toEqual({ created: 40, existing: 200, rejected: [] });
      expect(await idsOf(sender)).toEqual(expected(more));
    });

    it('leaves the stored document untouched', async () => {
      const sender = newSender();
      const [line] = linesOf(sender, 1, 1) as [Line];
      await write([line]);
      expect((await write([{ ...line, body: 'another text' }])).existing).toBe(1);
      expect(await found(sender, 'another')).toEqual([]);
      expect(await found(sender, 'line 0')).toEqual([line.body]);
    });

    it('leaves every document once when the same batch is written several times at once', async () => {
      const sender = newSender();
      const lines = linesOf(sender, 5, 50);
      const outcomes = await Promise.all([write(lines), write(lines.slice(100)), write(lines), write(lines.toReversed())]);
      expect(outcomes.reduce((sum, o) => sum + o.created, 0)).toBe(250);
      expect(outcomes.reduce((sum, o) => sum + o.existing, 0)).toBe(650);
      expect(await idsOf(sender)).toEqual(expected(lines));
    });

    it('counts a document twice in one batch as one created and one existing', async () => {
      const sender = newSender();
      const lines = linesOf(sender, 1, 4);
      expect(await write([...lines, ...lines.slice(1, 3)])).toEqual({ created: 4, existing: 2, rejected: [] });
      expect(await idsOf(sender)).toEqual(expected(lines));
    });

    it('keeps any cut and any order of rewrites to one document each', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.array(fc.nat(59), { maxLength: 40 }), { minLength: 1, maxLength: 5 }), async (cuts) => {
          const sender = newSender();
          // Over three days, so that a write is several blocks.
          const all = logBatch(linesOf(sender, 6, 10).map((line, i) => ({ ...line, time: DAY + BigInt(i % 3) * NANOS_PER_DAY + BigInt(i) })));
          const written = new Set<number>();
          for (const cut of cuts) {
            const outcome = await search.write(takeRows(all, Int32Array.from(cut)));
            const fresh = new Set(cut.filter((row) => !written.has(row)));
            expect(outcome).toEqual({ created: fresh.size, existing: cut.length - fresh.size, rejected: [] });
            for (const row of fresh) written.add(row);
          }
          expect([...(await idsOf(sender))].sort()).toEqual(Array.from(written, (row) => `${Math.floor(row / 10)}/${row % 10}`).sort());
        }),
        { numRuns: 12 },
      );
    });

    it('writes rows of many days, of 1970 and of 2199', async () => {
      const sender = newSender();
      const times = [0n, 1n, DAY - 1n, DAY, DAY + 5n * NANOS_PER_DAY, BigInt(Date.UTC(2199, 11, 31, 23, 59, 59)) * 1_000_000n + 999_999_999n, -1_500_000_001n];
      const lines = times.map((time, row): Line => ({ sender, seq: 1n, row, time, body: 'x' }));
      expect(await write(lines)).toEqual({ created: times.length, existing: 0, rejected: [] });
      expect(await write(lines)).toEqual({ created: 0, existing: times.length, rejected: [] });
      expect(await idsOf(sender)).toEqual(expected(lines));
    });

    it('names the rows it refuses and writes the others', async () => {
      const sender = newSender();
      const lines = linesOf(sender, 1, 9).map((line) => (line.row === 4 || line.row === 7 ? { ...line, time: null } : line));
      const outcome = await write(lines);
      expect([outcome.created, outcome.existing, outcome.rejected.map((r) => r.row)]).toEqual([7, 0, [4, 7]]);
      for (const { reason } of outcome.rejected) expect(reason).toMatch(/time/);
      expect(await idsOf(sender)).toEqual(expected(lines.filter((l) => l.time !== null)));
    });

    it('takes part of a batch that shares its memory', async () => {
      const sender = newSender();
      const lines = linesOf(sender, 4, 8);
      expect((await search.write(sliceBatch(logBatch(lines), 5, 21))).created).toBe(16);
      expect(await idsOf(sender)).toEqual(expected(lines.slice(5, 21)));
    });

    it('takes any text as a body', async () => {
      const sender = newSender();
      const bodies = ['', 'a\0b', '\u{1F600}', "'; DROP TABLE logs --", 'x'.repeat(1 << 20), '\\N', null, 'tab\tand\nline'];
      await write(bodies.map((body, row) => ({ sender, seq: 1n, row, time: DAY + BigInt(row), body })));
      const { batches } = await search.query(store.all(sender));
      const at = batches[0]?.fields.findIndex((f) => f.name === 'body') as number;
      expect(batches.flatMap((b) => Array.from({ length: b.length }, (_, row) => valueAt(b.columns[at] as Batch['columns'][number], row)))).toEqual(bodies);
    });

    describe('words', () => {
      const bodies = [
        'Connection refused: 10.0.0.1',
        'connection—REFUSED',
        'refused connection',
        'connectionrefused',
        'connection was refused',
        'ÄPFEL und straße',
        'a_b-c',
        '日本語 ログ',
        '٣٤ apples',
        'foo bar foo baz',
        'the connection refused',
        'HTTP/1.1 500',
        '',
      ];
      /** The definition of iql.md §5, in one line of another language. */
      const tokens = (text: string): readonly string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
      const holds = (body: string, words: string): boolean => {
        const have = tokens(body);
        const want = tokens(words);
        return have.some((_, at) => want.every((word, i) => have[at + i] === word));
      };
      let sender: string;
      beforeAll(async () => {
        sender = newSender();
        await write(bodies.map((body, row) => ({ sender, seq: 1n, row, time: DAY + BigInt(row), body })));
      });

      it.each([
        'connection refused',
        'Connection',
        'REFUSED CONNECTION',
        'äpfel',
        'ÄPFEL UND',
        'b c',
        'a',
        '日本語',
        'ログ',
        '٣٤',
        'foo baz',
        'foo bar foo',
        'bar bar',
        '1 1 500',
        '0',
        'refuse',
        'onnection',
      ])('finds whole tokens side by side, without case: %s', async (words) => {
        expect(await found(sender, words)).toEqual(bodies.filter((body) => holds(body, words)));
      });

      it.each<[words: string, found: readonly number[]]>([
        ['disk', [0, 1, 2, 4]],
        ['disk full', [0, 1, 2, 4]],
        // Of what stands around the message, and of the line that holds it in other signs.
        ['web', [1]],
        ['app disk', [1]],
        ['full n 7', [2]],
        ['msg', [2, 3, 4]],
        ['nfull', [4]],
        ['tab here', [3]],
        // Not over the border between a line and its message, nor in what is neither.
        ['x disk', []],
        ['end tab', []],
        ['ü', [3]],
      ])('finds words of the message and of the whole line: %s', async (words, wanted) => {
        const own = newSender();
        const lines: readonly Omit<Line, 'sender' | 'seq' | 'row' | 'time'>[] = [
          { body: 'disk full' },
          { body: 'disk full', head: 'Nov 28 web-1 app: ' },
          { body: 'disk full', head: '{"msg":"', tail: '","n":7}' },
          { body: 'tab here', raw: '{"msg":"tab\\there","ü":"\u{E000}","end":"end"}' },
          { body: 'disk\nfull', raw: '{"msg":"disk\\nfull","x":"x"}' },
          { body: null },
        ];
        await write(lines.map((line, row) => ({ ...line, sender: own, seq: 1n, row, time: DAY + BigInt(row) })));
        expect(await found(own, words)).toEqual(wanted.map((row) => lines[row]?.body));
      });

      it('finds what any text holds by its own neighbouring tokens', async () => {
        await fc.assert(
          fc.asyncProperty(
            fc.array(fc.string({ unit: 'grapheme', maxLength: 30 }), { minLength: 1, maxLength: 20 }),
            fc.nat(),
            fc.nat(3),
            async (texts, from, count) => {
              const own = newSender();
              // Signs whose lower case depends on their place or grows are left to the reference.
              const clean = texts.filter((text) => [...text].every((sign) => sign.toLowerCase().length === sign.length && !/[Σσς]/.test(sign)));
              await write(clean.map((body, row) => ({ sender: own, seq: 1n, row, time: DAY + BigInt(row), body })));
              const all = clean.flatMap((text) => [tokens(text)]).filter((t) => t.length > 0);
              const chosen = all[from % Math.max(1, all.length)];
              if (chosen === undefined) return;
              const words = chosen.slice(0, count + 1).join(' ');
              expect(await found(own, words), words).toEqual(clean.filter((body) => holds(body, words)));
            },
          ),
          { numRuns: 40 },
        );
      });
    });

    it('leaves every document once, and every acknowledged one, through crashes in the middle of writes', async () => {
      const sender = newSender();
      const lines = linesOf(sender, 40, 100, DAY - 2_000_000_000n);
      const step = 400;
      let crashes = 0;
      for (let from = 0; from < lines.length; from += step) {
        const part = lines.slice(from, from + step);
        let outcome: ErrorCode | 'resolved' = 'search.unavailable';
        if (from % (2 * step) === 0) {
          const call = codeOf(write(part));
          await sleep((from / step) * 4);
          store.crash();
          crashes++;
          outcome = await call;
          expect(['resolved', 'search.unavailable']).toContain(outcome);
        }
        while (outcome !== 'resolved') {
          outcome = await codeOf(write(part));
          if (outcome !== 'resolved') await sleep(20);
        }
        while ((await codeOf(search.ping())) !== 'resolved') await sleep(20);
      }
      expect(crashes).toBeGreaterThan(3);
      expect(await idsOf(sender)).toEqual(expected(lines));
      expect(await write(lines)).toEqual({ created: 0, existing: lines.length, rejected: [] });
    });
  });
};
