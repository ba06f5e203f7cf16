// Times at the door: what is late, in the future or impossible is dropped, counted and named; the others go on.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { columnOf, type FixedColumn, TIME_MS, valueAt } from '../core/batch/batch.ts';
import { columnFrom } from '../core/batch/build.ts';
import { decodeStream } from '../core/ipc/read.ts';
import type { Message } from '../engines/stream/port.ts';
import { INTAKE_LIMITS } from './limits.ts';
import { CPU, setUp } from './testing/door.ts';
import { DAY_NS, frameOf, logsPart, NOW, NOW_NS, partOf, samplesPart } from './testing/frames.ts';
import { markTimes } from './times.ts';

describe('times', () => {
  test('late, future and impossible rows are dropped, counted and named; the others go on, to the last nanosecond', async () => {
    const { post, sent, telemetry } = setUp();
    const newest = NOW_NS + BigInt(INTAKE_LIMITS.futureMs) * 1_000_000n;
    const oldest = NOW_NS - BigInt(INTAKE_LIMITS.ageMs.logs) * 1_000_000n;
    const y2200 = BigInt(Date.UTC(2200, 0, 1)) * 1_000_000n;
    const times = [newest - 1n, newest, oldest, oldest - 1n, 0n, -1n, y2200 - 1n, y2200, 2n ** 63n - 1n, -(2n ** 63n), NOW_NS];
    const answer = await post(
      frameOf([
        logsPart(
          times.map((t) => `line ${t}`),
          times,
        ),
      ]),
    );
    expect(answer).toMatchObject({
      status: 200,
      rows: 3,
      dropped: [
        { part: 0, schema: 'logs', reason: 'late', rows: 2, firstRow: 3 },
        { part: 0, schema: 'logs', reason: 'future', rows: 2, firstRow: 1 },
        { part: 0, schema: 'logs', reason: 'out-of-range', rows: 4, firstRow: 5 },
      ],
    });
    const message = sent[0]?.messages[0] as Message;
    expect(message.headers).toMatchObject({ rows: '3', from: String(oldest), to: String(newest - 1n) });
    const [batch] = decodeStream(message.value);
    expect([0, 1, 2].map((row) => valueAt(columnOf(batch as never, 'time'), row))).toEqual([newest - 1n, oldest, NOW_NS]);
    expect(telemetry.value('inframirror_dropped_rows_total', { stage: 'ingest', reason: 'late', schema: 'logs' })).toBe(2);
  });

  test('samples in milliseconds and the start of a process are held to the same years', async () => {
    const { post, sent } = setUp();
    const y2200 = BigInt(Date.UTC(2200, 0, 1));
    expect(
      await post(
        frameOf([
          samplesPart(CPU, [
            [0, 1],
            [y2200, 1],
            [-1, 1],
            [2n ** 63n - 1n, 1],
            [NOW, 1],
            [NOW + 600_000, 1],
            [NOW + 599_999, 1],
          ]),
        ]),
      ),
    ).toMatchObject({
      rows: 2,
      dropped: [
        { reason: 'late', rows: 1 },
        { reason: 'future', rows: 1 },
        { reason: 'out-of-range', rows: 3 },
      ],
    });
    const process = { time: [BigInt(NOW), BigInt(NOW)], host: ['h', 'h'], pid: [1, 2], start: [y2200, 5n] };
    expect(await post(frameOf([partOf('processes', process)], { seq: 41 }))).toMatchObject({
      rows: 1,
      dropped: [{ reason: 'out-of-range', rows: 1, firstRow: 0 }],
    });
    expect(sent).toHaveLength(2);
  });

  test('a moment that is missing is not judged by what stands in its place', () => {
    const column = (values: readonly bigint[]): FixedColumn => columnFrom(TIME_MS, values) as FixedColumn;
    const [time, last] = [column([BigInt(NOW), BigInt(NOW)]), column([2n ** 62n, 2n ** 62n])];
    const bounds = { oldest: 0n, newest: NOW_NS + DAY_NS };
    expect(markTimes(time, [last], bounds)).toEqual(new Uint8Array([3, 3]));
    expect(markTimes(time, [{ ...last, validity: new Uint8Array([0b10]) }], bounds)).toEqual(new Uint8Array([0, 3]));
  });

  test('a part that loses all its rows leaves no message, and the frame is acknowledged', async () => {
    const { post, sent } = setUp();
    expect(await post(frameOf([logsPart(['old'], [NOW_NS - 400n * DAY_NS])]))).toMatchObject({ status: 200, rows: 0 });
    expect(sent).toEqual([]);
  });

  test('any times: the range told is that of the rows that stay', async () => {
    const { post, sent } = setUp();
    let seq = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.bigInt({ min: NOW_NS - 40n * DAY_NS, max: NOW_NS + DAY_NS }), { minLength: 1, maxLength: 30 }), async (times) => {
        sent.length = 0;
        const inTime = times
          .filter((t) => t >= NOW_NS - BigInt(INTAKE_LIMITS.ageMs.logs) * 1_000_000n && t < NOW_NS + 600_000_000_000n)
          .sort((a, b) => (a < b ? -1 : 1));
        expect(await post(frameOf([logsPart(times.map(String), times)], { seq: seq++ }))).toMatchObject({ rows: inTime.length });
        expect(sent[0]?.messages[0]?.headers.from).toBe(inTime[0] === undefined ? undefined : String(inTime[0]));
        expect(sent[0]?.messages[0]?.headers.to).toBe(inTime[0] === undefined ? undefined : String(inTime.at(-1)));
      }),
      { numRuns: 200 },
    );
  });
});
