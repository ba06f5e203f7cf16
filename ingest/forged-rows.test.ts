// What is no host's and no agent's to say, through the door: events of the platform, and names that nobody can tell apart.
import { expect, test } from 'vitest';
import { PLATFORM_EVENTS } from '../schemas/event-kinds.ts';
import type { OwnFramePart } from '../schemas/frame.ts';
import type { Authority } from './authority.ts';
import { setUp } from './testing/door.ts';
import { frameOf, NOW, NOW_NS, partOf, samplesPart, seriesPart } from './testing/frames.ts';

const bound: Authority = {
  who: 'the agent of web-1',
  account: 'agent-1',
  isBound: true,
  isSigned: () => true,
  maySend: () => true,
  maySpeakFor: () => true,
  generation: 1,
  mustHold: () => undefined,
};

const events = (kinds: readonly string[], hosts: readonly (string | null)[] = kinds.map(() => 'web-1')): OwnFramePart =>
  partOf('events', { time: kinds.map(() => NOW_NS), kind: kinds, title: kinds, host: hosts });

const open = () => {
  const { door, sent, telemetry } = setUp();
  let seq = 0;
  const post = async (parts: readonly OwnFramePart[], { host = 'web-1', authority }: { readonly host?: string; readonly authority?: Authority } = {}) => {
    seq += 10;
    const rights = { post: true, ...(authority === undefined ? {} : { authority }) };
    const { status, body } = await door.receiveFrames({ headers: {}, body: frameOf(parts, { seq, host }), rights });
    return { status, ...JSON.parse(body) } as Record<string, unknown>;
  };
  return { post, sent, telemetry };
};

test('kinds of events that the platform writes are dropped and counted, whoever sends them, those of agents and all others go on', async () => {
  const { post, telemetry } = open();
  const forged = [
    ...Object.values(PLATFORM_EVENTS),
    'Retention.Emergency',
    'retention.\u200bemergency',
    ' agent.quarantine',
    'inframirror.news',
    'inventory.assigned',
  ];
  const own = ['agent.start', 'agent.stop', 'inventory.new', 'inventory.change', 'deploy', 'agents.meeting'];
  for (const authority of [bound, undefined])
    expect(await post([events([...forged, ...own])], { ...(authority === undefined ? {} : { authority }) })).toMatchObject({
      status: 200,
      rows: own.length,
      dropped: [{ schema: 'events', reason: 'event-kind', rows: forged.length, firstRow: 0 }],
    });
  expect(telemetry.value('inframirror_dropped_rows_total', { stage: 'ingest', reason: 'event-kind', schema: 'events' })).toBe(2 * forged.length);
});

test('an event of no host is dropped where its sender is bound to hosts', async () => {
  const { post } = open();
  const part = events(['deploy', 'deploy', 'deploy'], [null, '', 'web-1']);
  expect(await post([part], { authority: bound })).toMatchObject({ rows: 1, dropped: [{ reason: 'no-host', rows: 2, firstRow: 0 }] });
  expect(await post([part])).toMatchObject({ rows: 3, dropped: [] });
});

test('a host that cannot be typed or told from another is dropped and counted, in whatever it is named; with spaces within it is one', async () => {
  const { post } = open();
  const hosts = ['web-1', ' ', 'web 1', '\u202eevil', 'web-1\u200b', 'web-1 ', 'we\nb', '\u3164', 'büro-1'];
  const wrong = { reason: 'host-name', rows: 6 };
  const inventory = partOf('inventory', { time: hosts.map(() => NOW_NS), host: hosts });
  const lines = partOf('logs', { time: hosts.map(() => NOW_NS), severity: hosts.map(() => 'info'), body: hosts, host: hosts });
  expect(
    await post([
      events(
        hosts.map(() => 'deploy'),
        hosts,
      ),
      inventory,
      lines,
    ]),
  ).toMatchObject({ rows: 9, dropped: [wrong, wrong, wrong] });
  const evil = ['cpu', [['host', '\u202eevil']]] as const;
  expect(await post([seriesPart([evil, ['cpu', [['host', 'web-1']]]]), samplesPart(evil, [[NOW, 1]])])).toMatchObject({
    rows: 1,
    dropped: [
      { schema: 'series', reason: 'host-name', rows: 1 },
      { schema: 'metrics', reason: 'host-name', rows: 1 },
    ],
  });
  for (const host of [' ', '\u202eevil', 'web-1\u200b'])
    expect(await post([events(['deploy'])], { host })).toMatchObject({ status: 400, code: 'frame.malformed', message: expect.stringContaining('host: it ') });
});
