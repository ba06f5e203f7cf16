// What is printed while a text is followed: each row once, oldest first, whatever the answers in between.
import { expect, onTestFinished, test, vi } from 'vitest';
import { CodedError } from '../../core/errors.ts';
import { type FollowedAnswer, type FollowOptions, follow, NewRows } from './follow.ts';
import type { ShownColumn } from './shown-column.ts';

const columns = (values: readonly string[]): readonly ShownColumn[] => [{ name: 'body', type: 'string', unit: null, values }];
const next = (rows: NewRows, values: readonly string[]): readonly number[] => rows.of(columns(values), values.length);

test('equal rows are told apart by their number', () => {
  const rows = new NewRows();
  expect(next(rows, ['b', 'a'])).toEqual([0, 1]);
  expect(next(rows, ['b', 'a'])).toEqual([]);
  expect(next(rows, ['b', 'b', 'a'])).toEqual([1]);
  expect(next(rows, ['c', 'b', 'b'])).toEqual([0]);
  // What has left the range and stands again in a later one would be new: the range only moves on.
  expect(next(rows, ['c'])).toEqual([]);
});

interface Line {
  readonly time: string;
  readonly body: string;
}
/** As the server answers: newest first, those of one time as they were received. */
const answerOf = (lines: readonly Line[]): FollowedAnswer => ({
  columns: [
    { name: 'time', type: 'time', unit: null, values: lines.map(({ time }) => time) },
    { name: 'body', type: 'string', unit: null, values: lines.map(({ body }) => body) },
  ],
  rowCount: lines.length,
  truncated: null,
  diagnostics: [],
});
const FAILED: FollowedAnswer = { columns: [], rowCount: 0, truncated: null, diagnostics: [{ severity: 'error' }] };

/** Follows a server that gives these answers; what was printed, how often an error was told, and the exit code. */
const followed = async (
  answers: readonly FollowedAnswer[],
  over: Partial<FollowOptions<FollowedAnswer>> = {},
): Promise<{ printed: string; told: number; code: number }> => {
  const printed: string[] = [];
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  onTestFinished(() => out.mockRestore());
  const end = new AbortController();
  const left = [...answers];
  let told = 0;
  const code = await follow({
    from: undefined,
    last: undefined,
    format: 'ndjson',
    zone: undefined,
    run: async () => {
      const next = left.shift() as FollowedAnswer;
      if (left.length === 0) end.abort();
      return next;
    },
    tell: ({ diagnostics }) => {
      told += diagnostics.length;
    },
    say: () => undefined,
    signal: end.signal,
    pause: async () => undefined,
    ...over,
  });
  return { printed: printed.join(''), told, code };
};
const bodies = (printed: string): readonly string[] =>
  printed
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as Line).body);

const AT = '2026-11-20T10:00:00Z';
const LINES: readonly Line[] = [{ time: '2026-11-20T10:00:01Z', body: 'later' }, ...['first', 'second', 'third'].map((body) => ({ time: AT, body }))];

test('oldest first, lines of one time as they were received', async () => {
  expect(bodies((await followed([answerOf(LINES)])).printed)).toEqual(['first', 'second', 'third', 'later']);
});

test('an answer that failed is told once, and what was printed is not printed again', async () => {
  const more = { time: '2026-11-20T10:00:02Z', body: 'more' };
  const { printed, told, code } = await followed([answerOf(LINES), FAILED, FAILED, answerOf([more, ...LINES]), FAILED, answerOf([more, ...LINES])]);
  expect(bodies(printed)).toEqual(['first', 'second', 'third', 'later', 'more']);
  expect([told, code]).toEqual([2, 0]);
});

test('what an agent kept while the server was away is printed when it comes, long after its time', async () => {
  const asked: bigint[] = [];
  const away = new CodedError('command.server', { address: 'a', reason: 'refused', mend: '' } as never);
  let now = Date.UTC(2026, 10, 20, 10);
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => now);
  onTestFinished(() => clock.mockRestore());
  const kept = { time: AT, body: 'kept' };
  const steps: readonly (FollowedAnswer | Error)[] = [answerOf([]), away, answerOf([]), answerOf([]), answerOf([kept]), answerOf([kept])];
  let step = 0;
  const { printed } = await followed([answerOf([])], {
    run: async (since) => {
      asked.push(since);
      const next = steps[step++];
      // Each step is two minutes.
      now += 120_000;
      if (next instanceof Error) throw next;
      return next ?? answerOf([kept]);
    },
    pause: async () => undefined,
    signal: {
      get aborted() {
        return step > steps.length;
      },
    } as AbortSignal,
  });
  expect(bodies(printed)).toEqual(['kept']);
  // From the answer before the outage on, until ten minutes after it.
  expect(new Set(asked.slice(1, 6)).size).toBe(1);
});

test('figures without a time are not followed', async () => {
  const figures: FollowedAnswer = { ...FAILED, columns: [{ name: 'count', type: 'int', unit: null, values: [1] }], rowCount: 1, diagnostics: [] };
  await expect(followed([figures, figures])).rejects.toMatchObject({ code: 'command.usage' });
});

test('on a terminal a line is as wide as that, with the message in it, and what is a map is left out', async () => {
  const [first] = LINES.slice(1);
  const answer = answerOf([{ ...(first as Line), body: 'payment failed '.repeat(20) }]);
  const maps = { name: 'attributes', type: 'map', unit: null, values: [{ a: 'x'.repeat(200) }] };
  const columns = [...answer.columns, maps];
  const { printed } = await followed([{ ...answer, columns }], { format: 'table', width: 60, zone: 'UTC' });
  expect(printed).toBe(`${'2026-11-20 10:00:00  payment failed payment failed payment failed'.slice(0, 59)}…\n`);
});

test('a text that is wrong from the start ends it', async () => {
  expect(await followed([FAILED, answerOf(LINES)])).toEqual({ printed: '', told: 1, code: 3 });
});
