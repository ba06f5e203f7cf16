// Hosts over the limit, through the door: their rows are dropped and counted in whatever they are named, and the sender is named.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { OwnFramePart } from '../schemas/frame.ts';
import { HostQuota } from './host-quota.ts';
import { type Definition, NOW, NOW_NS, partOf, samplesPart, seriesPart } from './testing/frames.ts';
import { limitedDoor } from './testing/limited-door.ts';

const HOUR = 3_600_000;

const named = (from: number, count: number): string[] => Array.from({ length: count }, (_, i) => `host-${from + i}`);
const cpu = (host: string): Definition => ['cpu', [['host', host]]];
const inventory = (hosts: readonly string[], at = NOW_NS): OwnFramePart => partOf('inventory', { time: hosts.map(() => at), host: hosts });
const logs = (hosts: readonly string[], at = NOW_NS): OwnFramePart =>
  partOf('logs', { time: hosts.map(() => at), severity: hosts.map(() => 'info'), body: hosts, host: hosts });
const events = (hosts: readonly string[]): OwnFramePart =>
  partOf('events', { time: hosts.map(() => NOW_NS), kind: hosts.map(() => 'deploy'), title: hosts, host: hosts });
const processes = (hosts: readonly string[]): OwnFramePart =>
  partOf('processes', { time: hosts.map(() => BigInt(NOW)), host: hosts, pid: hosts.map((_, i) => i + 1), start: hosts.map(() => BigInt(NOW)) });
const jvm = (hosts: readonly string[]): OwnFramePart =>
  partOf('jvm', { time: hosts.map(() => BigInt(NOW)), host: hosts, pid: hosts.map((_, i) => i + 1), start: hosts.map(() => BigInt(NOW)) });

describe('hosts over the limit', () => {
  test.each([
    ['inventory', inventory],
    ['logs', logs],
    ['events', events],
    ['processes', processes],
    ['jvm', jvm],
    ['series', (hosts: readonly string[]) => seriesPart(hosts.map(cpu))],
  ] as const)('have their rows of %s dropped, those within stay', async (schema, part) => {
    const { post, sent, telemetry } = limitedDoor({ hostsPerSender: 10 });
    expect(await post([part(named(0, 25))])).toMatchObject({ status: 200, rows: 10, dropped: [{ schema, reason: 'host-limit', rows: 15, firstRow: 10 }] });
    expect(await post([part([...named(20, 5), ...named(0, 10)])])).toMatchObject({ rows: 10, dropped: [{ rows: 5, firstRow: 0 }] });
    expect(sent.map(({ headers }) => headers.rows)).toEqual(['10', '10']);
    expect(telemetry.value('inframirror_dropped_rows_total', { stage: 'ingest', reason: 'host-limit', schema })).toBe(20);
    expect(telemetry.value('inframirror_ingest_hosts', {})).toBe(10);
  });

  test('are counted over all schemas and runs together, and who names them is named', async () => {
    const { post, lines, state } = limitedDoor({ hostsPerSender: 10 });
    await post([inventory(named(0, 4))]);
    await post([logs(named(0, 8))], { boot: 8n });
    expect(await post([seriesPart(named(0, 20).map(cpu))], { boot: 9n })).toMatchObject({ rows: 10, dropped: [{ reason: 'host-limit', rows: 10 }] });
    expect(state().hosts).toEqual({ over: [{ sender: 'agent-1', host: 'web-1', rows: 10 }], largest: undefined });
    expect(lines).toMatchObject([{ level: 'warn', sender: 'agent-1', host: 'web-1', rows: 10 }]);
  });

  test('take their samples with them, whose definitions are asked for when there may be a place again', async () => {
    const { post, clock } = limitedDoor({ hostsPerSender: 1 });
    const sampled = (host: string) => samplesPart(cpu(host), [[clock.ms, 1]]);
    await post([seriesPart([cpu('a'), cpu('b')])]);
    const next = await post([sampled('a'), sampled('b')]);
    expect(next).toMatchObject({ rows: 1, dropped: [{ part: 1, schema: 'metrics', reason: 'host-limit', rows: 1 }] });
    expect(next).not.toHaveProperty('define');
    clock.ms += HOUR;
    expect(await post([sampled('b')])).toMatchObject({ define: true });
    clock.ms += 25 * HOUR;
    expect(await post([seriesPart([cpu('b')]), sampled('b')])).toMatchObject({ rows: 2, dropped: [] });
  });

  test('have a place when others were not named for a day, and the sender is not named for ever', async () => {
    const { post, clock, state } = limitedDoor({ hostsPerSender: 10 });
    await post([inventory(named(0, 11))]);
    clock.ms += 24 * HOUR;
    await post([inventory(named(0, 5), BigInt(clock.ms) * 1_000_000n)]);
    clock.ms += 2 * HOUR;
    expect(await post([inventory(named(20, 6), BigInt(clock.ms) * 1_000_000n)])).toMatchObject({ rows: 5, dropped: [{ rows: 1 }] });
    clock.ms += 2 * HOUR;
    expect(state().hosts.over).toEqual([]);
  });

  test('take no place where the row is dropped for its time, nor does a row that names none', async () => {
    const { post } = limitedDoor({ hostsPerSender: 1 });
    await post([logs(['late'], 1n)]);
    expect(await post([logs(['', 'a', '', 'b', ''])])).toMatchObject({ rows: 4, dropped: [{ rows: 1, firstRow: 3 }] });
  });
});

test('who has no key of its own leaves a quarter of the places of all to the others, under however many names', () => {
  const quota = new HostQuota({ hostsPerSender: 10, hosts: 100 }, () => NOW);
  const got = (sender: string, isBound: boolean) => named(0, 20).filter((host) => quota.mayName(sender, isBound, host)).length;
  expect(Array.from({ length: 20 }, (_, i) => got(`made-up-${i}`, false)).reduce((sum, count) => sum + count, 0)).toBe(75);
  expect(quota.state.largest).toEqual({ sender: 'made-up-0', hosts: 10 });
  expect([got('a', true), got('b', true), got('c', true)]).toEqual([10, 10, 5]);
});

test('places are those of the hosts named within a day, whoever names what and when', () => {
  const named = fc.record({
    sender: fc.integer({ min: 0, max: 3 }),
    host: fc.integer({ min: 0, max: 8 }),
    hours: fc.constantFrom(0, 0, 0, 1, 12, 30),
    long: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(named, { maxLength: 60 }), (steps) => {
      const clock = { ms: NOW };
      const limits = { hostsPerSender: 4, hosts: 9 };
      const quota = new HostQuota(limits, () => clock.ms);
      let model: { readonly key: string; readonly sender: number; readonly hour: number }[] = [];
      for (const { sender, host, hours, long } of steps) {
        clock.ms += hours * HOUR;
        const hour = Math.floor(clock.ms / HOUR);
        const name = `${host}${long ? 'x'.repeat(400) : ''}`;
        model = model.filter((one) => one.hour >= hour - 24);
        const key = `${sender} ${name}`;
        const rest = model.filter((one) => one.key !== key);
        const may = rest.length < model.length || (model.filter((one) => one.sender === sender).length < limits.hostsPerSender && model.length < limits.hosts);
        expect(quota.mayName(String(sender), true, name)).toBe(may);
        if (may) model = [...rest, { key, sender, hour }];
        expect(quota.size).toBe(model.length);
      }
    }),
  );
});
