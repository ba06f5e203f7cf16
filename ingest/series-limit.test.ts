// Series over the limit, through the door: dropped, counted, and their cause named; another run of a sender is no fresh quota.
import { describe, expect, test } from 'vitest';
import type { OwnFramePart } from '../schemas/frame.ts';
import { metricHash } from '../schemas/series-id.ts';
import { type Definition, idOf, logsPart, NOW, partOf, seriesPart } from './testing/frames.ts';
import { limitedDoor } from './testing/limited-door.ts';

const HOUR = 3_600_000;

const requests = (path: string): Definition => [
  'requests',
  [
    ['host', 'web-1'],
    ['path', path],
  ],
];
const many = (from: number, count: number): Definition[] => Array.from({ length: count }, (_, i) => requests(`/${from + i}`));
const tick = (definitions: readonly Definition[], ms = NOW): OwnFramePart =>
  partOf('metrics', {
    metric: definitions.map(([name]) => metricHash(name)),
    id: definitions.map((definition) => idOf(...definition)),
    time: definitions.map(() => BigInt(ms)),
    value: definitions.map((_, i) => i),
  });

describe('series over the limit', () => {
  test('are dropped with their samples and counted, those within stay; the cause is named in status and log', async () => {
    const { post, sent, lines, telemetry, state } = limitedDoor({ seriesPerSender: 10 });
    const other: Definition = ['errors', [['host', 'web-1']]];
    const all = [...many(0, 10), other, ...many(10, 300)];
    expect(await post([seriesPart(all), tick(all)])).toEqual({
      status: 200,
      rows: 20,
      dropped: [
        { part: 0, schema: 'series', reason: 'series-limit', rows: 301, firstRow: 10 },
        { part: 1, schema: 'metrics', reason: 'series-limit', rows: 301, firstRow: 10 },
      ],
      unknown: [],
    });
    expect(sent.map(({ headers }) => [headers.schema, headers.rows])).toEqual([
      ['series', '10'],
      ['metrics', '10'],
    ]);
    for (const schema of ['series', 'metrics'])
      expect(telemetry.value('inframirror_dropped_rows_total', { stage: 'ingest', reason: 'series-limit', schema })).toBe(301);
    expect(telemetry.value('inframirror_ingest_rows_total', { schema: 'metrics' })).toBe(10);
    const [offender] = state().offenders;
    expect(offender).toMatchObject({ sender: 'agent-1', host: 'web-1', metric: 'requests', label: 'path', rows: 602 });
    expect(offender?.values).toBeGreaterThan(270);
    expect(offender?.values).toBeLessThan(330);
    expect(lines).toMatchObject([{ level: 'warn', sender: 'agent-1', host: 'web-1', metric: 'requests', label: 'path' }]);
    // Samples that come later fare the same, and what was within goes on.
    expect(await post([tick(all, NOW + 1000)])).toMatchObject({ rows: 10, dropped: [{ reason: 'series-limit', rows: 301 }] });
  });

  test('stay over it in another run, and in any number of them', async () => {
    const { post, sent, state } = limitedDoor({ seriesPerSender: 10 });
    for (let boot = 1n; boot <= 20n; boot++) await post([seriesPart(many(Number(boot) * 10, 10))], { boot });
    expect(sent.reduce((n, { headers }) => n + Number(headers.rows), 0)).toBe(10);
    expect(state().series).toBe(10);
  });

  test('cannot be got past by samples that were never defined', async () => {
    const { post, sent, state } = limitedDoor({ seriesPerSender: 10 });
    for (let i = 0; i < 20; i++) await post([tick(many(i * 10, 10))]);
    expect(sent.reduce((n, { headers }) => n + Number(headers.rows), 0)).toBe(10);
    expect(state().series).toBe(10);
  });

  test('have a place when others have ended for a day, and the offender is not named for ever', async () => {
    const { post, clock, state } = limitedDoor({ seriesPerSender: 10 });
    await post([seriesPart(many(0, 11))]);
    expect(state().offenders).toHaveLength(1);
    clock.ms += 26 * HOUR;
    expect(await post([seriesPart(many(20, 10))])).toMatchObject({ rows: 10, dropped: [] });
    expect(state()).toMatchObject({ series: 10, offenders: [] });
  });

  test('of one sender do not hide another’s, and of all together who has most is named', async () => {
    const { post, state } = limitedDoor({ seriesPerSender: 20, series: 30 });
    await post([seriesPart(many(0, 25))], { agent: 'one', host: 'one' });
    await post([seriesPart(many(0, 15))], { agent: 'two', host: 'two' });
    expect(state()).toMatchObject({ series: 30, largest: { sender: 'one', series: 20 } });
    expect(state().offenders.map(({ sender, rows }) => [sender, rows])).toEqual([
      ['one', 5],
      ['two', 5],
    ]);
  });

  test('of a name and a sender as long as they may be are shown cut', async () => {
    const { post, state } = limitedDoor({ seriesPerSender: 0 });
    const long = 'x'.repeat(500);
    await post([seriesPart([[long, [[long.slice(0, 128), 'v']]]])], { agent: 's'.repeat(900) });
    for (const text of [state().offenders[0]?.sender, state().offenders[0]?.metric, state().offenders[0]?.label]) expect(text?.length).toBeLessThan(130);
  });
});

describe('a door that was started after its senders', () => {
  test('asks for definitions until it has those of all that comes', async () => {
    const { post, restart } = limitedDoor({});
    const [a, b, c] = many(0, 3) as [Definition, Definition, Definition];
    expect(await post([seriesPart([a, b]), tick([a, b])])).not.toHaveProperty('define');
    expect(await post([tick([a])])).not.toHaveProperty('define');
    restart();
    expect(await post([tick([a, b])])).toMatchObject({ rows: 2, define: true });
    expect(await post([seriesPart([c]), tick([a])])).toMatchObject({ define: true });
    expect(await post([tick([a])])).toMatchObject({ define: true });
    // What has no samples is not asked.
    expect(await post([logsPart(['x'])])).not.toHaveProperty('define');
    expect(await post([seriesPart([a, b, c]), tick([a, b, c])])).not.toHaveProperty('define');
    expect(await post([tick([b, c])])).not.toHaveProperty('define');
  });

  test('asks again for definitions that came in a frame of which nothing was taken', async () => {
    const { post, fail } = limitedDoor({});
    const [a] = many(0, 1) as [Definition];
    fail(true);
    expect(await post([seriesPart([a])])).toMatchObject({ status: 503 });
    fail(false);
    expect(await post([tick([a])])).toMatchObject({ define: true });
    expect(await post([seriesPart([a]), partOf('logs', { time: [1n] })])).toMatchObject({ status: 400 });
    expect(await post([tick([a])])).toMatchObject({ define: true });
    expect(await post([seriesPart([a]), tick([a])])).not.toHaveProperty('define');
    expect(await post([tick([a])])).not.toHaveProperty('define');
  });

  test('takes definitions that come in a frame of their own, and asks again when a series comes without', async () => {
    const { post } = limitedDoor({});
    const [a, b] = many(0, 2) as [Definition, Definition];
    expect(await post([seriesPart([a])])).not.toHaveProperty('define');
    expect(await post([tick([a])])).not.toHaveProperty('define');
    expect(await post([tick([b])])).toMatchObject({ define: true });
  });
});
