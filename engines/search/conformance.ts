// The contract of the port `Search` as tests: call it from a `*.test.ts` of each implementation.
// Requests are in the store's own language, so the caller hands in those the tests need.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Batch, type Value, valueAt } from '../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../core/batch/build.ts';
import type { ErrorCode } from '../../core/errors.ts';
import { TABLE_FIELDS } from '../../schemas/tables.ts';
import type { Search } from './port.ts';

export interface SearchUnderTest {
  readonly search: Search;
  /** Rows of the table `logs`, as the pipeline writes them for this store. */
  write(batch: Batch): Promise<void>;
  /** Request for the bodies of one sender's documents that hold the words side by side; a column `body`, by time and position. */
  phrase(sender: string, words: string): string;
  /** Request for all of one sender's documents with the columns of the table `logs`, by file and position. */
  all(sender: string): string;
  /** Kills what is behind the port with SIGKILL; it must come back by itself. */
  crash(): void;
  dispose(): Promise<void>;
}

export interface Line {
  readonly sender: string;
  readonly file: bigint;
  readonly position: number;
  readonly time: bigint | null;
  readonly body: string | null;
  readonly raw?: string;
  readonly head?: string;
  readonly tail?: string;
}

const DAY = 1_795_219_200_000_000_000n;
const NANOS_PER_DAY = 86_400_000_000_000n;

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
          case 'file':
            return line.file;
          case 'position':
            return BigInt(line.position);
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
    file: BigInt(Math.floor(i / rows)),
    position: i % rows,
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
        const at = ['file', 'position'].map((column) => batch.fields.findIndex((f) => f.name === column));
        return Array.from({ length: batch.length }, (_, row) => at.map((i) => valueAt(batch.columns[i] as Batch['columns'][number], row)).join('/'));
      });
    };
    const expected = (lines: readonly Line[]): readonly string[] => lines.map((l) => `${l.file}/${l.position}`);
    const found = async (sender: string, words: string): Promise<readonly Value[]> => (await rowsOf(store.phrase(sender, words))).flat();
    const write = (lines: readonly Line[]): Promise<void> => store.write(logBatch(lines));

    it('gives every value back', async () => {
      const sender = newSender();
      const batch = logBatch(linesOf(sender, 2, 3));
      await store.write(batch);
      const answer = await search.query(store.all(sender));
      const rows = answer.batches.flatMap((b) => Array.from({ length: b.length }, (_, row) => b.columns.map((column) => valueAt(column, row))));
      expect(rows).toEqual(Array.from({ length: 6 }, (_, row) => batch.columns.map((column) => valueAt(column, row))));
      expect(answer.batches[0]?.fields).toEqual(batch.fields);
    });

    it('finds lines of many days, of 1970 and of 2199', async () => {
      const sender = newSender();
      const times = [0n, 1n, DAY - 1n, DAY, DAY + 5n * NANOS_PER_DAY, BigInt(Date.UTC(2199, 11, 31, 23, 59, 59)) * 1_000_000n + 999_999_999n, -1_500_000_001n];
      const lines = times.map((time, row): Line => ({ sender, file: 1n, position: row, time, body: 'x' }));
      for (const line of lines) await write([line]);
      expect(await idsOf(sender)).toEqual(expected(lines));
    });

    it('takes any text as a body', async () => {
      const sender = newSender();
      const bodies = ['', 'a\0b', '\u{1F600}', "'; DROP TABLE logs --", 'x'.repeat(1 << 20), '\\N', null, 'tab\tand\nline'];
      await write(bodies.map((body, row) => ({ sender, file: 1n, position: row, time: DAY + BigInt(row), body })));
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
        await write(bodies.map((body, row) => ({ sender, file: 1n, position: row, time: DAY + BigInt(row), body })));
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
        const lines: readonly Omit<Line, 'sender' | 'file' | 'position' | 'time'>[] = [
          { body: 'disk full' },
          { body: 'disk full', head: 'Nov 28 web-1 app: ' },
          { body: 'disk full', head: '{"msg":"', tail: '","n":7}' },
          { body: 'tab here', raw: '{"msg":"tab\\there","ü":"\u{E000}","end":"end"}' },
          { body: 'disk\nfull', raw: '{"msg":"disk\\nfull","x":"x"}' },
          { body: null },
        ];
        await write(lines.map((line, row) => ({ ...line, sender: own, file: 1n, position: row, time: DAY + BigInt(row) })));
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
              await write(clean.map((body, row) => ({ sender: own, file: 1n, position: row, time: DAY + BigInt(row), body })));
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

    it('says that it does not answer while it is restarted, and finds all that was written once it is back', async () => {
      const sender = newSender();
      const lines = linesOf(sender, 4, 100);
      await write(lines);
      store.crash();
      expect(await codeOf(search.query(store.all(sender)))).toBe('search.unavailable');
      while ((await codeOf(search.ping())) !== 'resolved') await sleep(20);
      expect(await idsOf(sender)).toEqual(expected(lines));
    });
  });
};
