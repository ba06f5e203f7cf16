// Definitions of series at the door: by whatever labels, under the id that is theirs, before the samples that need them.
import { describe, expect, test } from 'vitest';
import { columnOf, valueAt } from '../core/batch/batch.ts';
import { decodeStream } from '../core/ipc/read.ts';
import { INTAKE_LIMITS } from './limits.ts';
import { SeriesTables } from './series-tables.ts';
import { CPU, setUp } from './testing/door.ts';
import { type Definition, frameOf, idOf, NOW, samplesPart, seriesPart, sha256 } from './testing/frames.ts';

test('series with a label that begins with # are dropped with their samples, named and counted; the others of the frame go on', async () => {
  const { post, sent, telemetry } = setUp();
  const hostile = ['cpu.use', [['#series', 'x']]] as const;
  const answer = await post(
    frameOf([
      seriesPart([
        CPU,
        hostile,
        [
          'cpu.use',
          [
            ['host', 'h'],
            ['#insert', 'y'],
          ],
        ],
      ]),
      samplesPart(CPU, [[NOW, 1]]),
      samplesPart(hostile, [
        [NOW, 1],
        [NOW + 1, 2],
      ]),
    ]),
  );
  expect(answer).toMatchObject({
    status: 200,
    rows: 2,
    dropped: [
      { part: 0, schema: 'series', reason: 'label-name', rows: 2, firstRow: 1, label: '#series' },
      { part: 2, schema: 'metrics', reason: 'label-name', rows: 2, firstRow: 0 },
    ],
  });
  expect(sent.flatMap(({ messages }) => messages.map((m) => [m.headers.schema, m.headers.rows]))).toEqual([
    ['series', '1'],
    ['metrics', '1'],
  ]);
  expect(telemetry.value('inframirror_dropped_rows_total', { stage: 'ingest', reason: 'label-name', schema: 'metrics' })).toBe(2);
  // Samples that come later, and a definition sent again, fare the same.
  expect(await post(frameOf([samplesPart(hostile, [[NOW + 2, 3]])], { seq: 44 }))).toMatchObject({ rows: 0, dropped: [{ reason: 'label-name', rows: 1 }] });
});

describe('definitions of series', () => {
  test('with hostile labels are taken like the others', async () => {
    const { post, sent } = setUp();
    const hostile: Definition[] = [
      [
        'a',
        [
          ['__proto__', 'x'],
          ['constructor', '__proto__'],
          ['toString', ''],
        ],
      ],
      ['__proto__', []],
      [
        'a',
        [
          ['"\\\n{}', "'; DROP TABLE series; --"],
          ['\u{1f600}', '\u202e'],
        ],
      ],
    ];
    expect(await post(frameOf([seriesPart(hostile)]))).toMatchObject({ status: 200, rows: 3 });
    const [batch] = decodeStream(sent[0]?.messages[0]?.value as Uint8Array);
    expect(valueAt(columnOf(batch as never, 'labels'), 0)).toEqual(new Map(hostile[0]?.[1]));
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  test('whose id is not that of name and labels are refused', async () => {
    const { post, sent } = setUp();
    expect(await post(frameOf([seriesPart([CPU, ['b', []]], [idOf(...CPU), 5n])]))).toMatchObject({
      status: 400,
      code: 'intake.refused',
      part: 0,
      row: '1',
      column: 'id',
    });
    expect(sent).toEqual([]);
  });

  test('that share an id with another definition are refused', async () => {
    const meeting = (bytes: Uint8Array): Uint8Array => Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 9, ...sha256(bytes).subarray(8));
    const { post } = setUp({ series: new SeriesTables(INTAKE_LIMITS, () => NOW, { hashing: meeting }) });
    expect(await post(frameOf([seriesPart([['a', []]], [9n])]))).toMatchObject({ status: 200 });
    expect(await post(frameOf([seriesPart([['a', []]], [9n])]))).toMatchObject({ status: 200 });
    expect(await post(frameOf([seriesPart([['b', []]], [9n])], { seq: 41 }))).toMatchObject({
      status: 400,
      row: '0',
      column: 'id',
      reason: '9 means another name and other labels already',
    });
  });

  test('after the samples that need them are refused', async () => {
    const { post } = setUp();
    expect(await post(frameOf([samplesPart(CPU, [[NOW, 1]]), seriesPart([CPU])]))).toMatchObject({ status: 400, part: 1, schema: 'series' });
  });
});
