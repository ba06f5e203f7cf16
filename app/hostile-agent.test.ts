// What an agent with a good key of its own, or whoever has the shared token, may try against other hosts: each is refused with its reason, and
// nothing of the request is on the stream. At the real address; the list stands in docs/ingest.md.
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Identity } from '../agent/identity.ts';
import { join, type Session, signIn } from '../agent/join.ts';
import { type Answer, ServerCalls } from '../agent/server-calls.ts';
import { type Definition, frameOf, idOf, logsPart, packed, partOf, samplesPart, seriesPart, zstd } from '../ingest/testing/frames.ts';
import { frameContext } from '../schemas/agent-proofs.ts';
import type { FrameHeader, OwnFramePart } from '../schemas/frame.ts';
import { readJoinToken } from '../schemas/join-token.ts';
import { AgentServer } from './testing/agent-server.ts';

interface Enrolled {
  readonly identity: Identity;
  readonly boot: bigint;
  session: Session;
}

const MACHINE = 'm'.repeat(32);
let server: AgentServer;
let calls: ServerCalls;
let folder = '';
let victim: Enrolled;
let hostile: Enrolled;
let relay: Enrolled;
let seq = 1;
/** Series that the store of the tests knows → host. */
const stored = new Map<bigint, string>();
/** What of the topics was all in the stores when the server started. */
let isWhole: (topic?: string) => boolean;
/** What happens while the store is asked. */
let asking = async (): Promise<unknown> => undefined;

const enrol = async (host: string, relays: readonly string[] = [], by = calls): Promise<Enrolled> => {
  const identity = await join(by, mkdtempSync(joinPath(folder, 'a-')), readJoinToken(await server.token(host, { relays })), host, MACHINE);
  if ('refused' in identity) throw new Error(identity.refused.text);
  const boot = BigInt(Date.now());
  return { identity, boot, session: await sessionOf(identity, boot, by) };
};
const sessionOf = async (identity: Identity, boot: bigint, by = calls): Promise<Session> => {
  const session = await signIn(by, identity, MACHINE, boot, Buffer.alloc(16, 1));
  if ('refused' in session) throw new Error(session.refused.text);
  return session;
};

const open = async (): Promise<void> => {
  await server.open({
    hostsOf: async (series) => {
      await asking();
      return new Map([...series.keys()].flatMap((id) => (stored.has(id) ? [[id, stored.get(id) as string] as const] : [])));
    },
    isKnownWhole: (topic) => isWhole(topic),
  });
  for (const one of [victim, hostile, relay]) if (one !== undefined) one.session = await sessionOf(one.identity, one.boot);
};

beforeAll(async () => {
  server = await AgentServer.start();
  folder = mkdtempSync(joinPath(tmpdir(), 'hostile-'));
  calls = new ServerCalls(server.url, 20_000, new AbortController().signal);
  await open();
  victim = await enrol('web-1');
  hostile = await enrol('web-2');
  relay = await enrol('gateway', ['switch-*', 'web-*']);
}, 120_000);
afterAll(async () => {
  calls?.close();
  await server?.stop();
  rmSync(folder, { recursive: true });
}, 60_000);
beforeEach(() => {
  server.messages.length = 0;
  isWhole = () => true;
});

const now = (): bigint => BigInt(Date.now());
const frame = (parts: readonly OwnFramePart[], header: Partial<FrameHeader>): Uint8Array => {
  seq += 100;
  return zstd(frameOf(parts, { seq, sent: new Date().toISOString(), ...header }));
};
const as = ({ identity, boot, session }: Enrolled, parts: readonly OwnFramePart[], header: Partial<FrameHeader> = {}): Promise<Answer> => {
  const body = frame(parts, { agent: identity.id, host: identity.host, boot, ...header });
  const mac = createHmac('sha256', session.key).update(frameContext(session.id)).update(body).digest('base64url');
  return calls.post('/ingest/frames', { authorization: `InfraMirror ${session.id}.${mac}`, 'content-encoding': 'zstd' }, body);
};
const byToken = (parts: readonly OwnFramePart[], header: Partial<FrameHeader> = {}): Promise<Answer> =>
  calls.post(
    '/ingest/frames',
    { authorization: `Bearer ${server.data.agentToken}`, 'content-encoding': 'zstd' },
    frame(parts, { agent: 'somebody', host: 'other', boot: now(), ...header }),
  );

const lines = (...hosts: readonly (string | null)[]): OwnFramePart =>
  partOf('logs', { time: hosts.map(() => now() * 1_000_000n), severity: hosts.map(() => 'info'), body: hosts.map(() => 'x'), host: hosts });
const processes = (host: string): OwnFramePart => partOf('processes', { time: [now()], host: [host], pid: [1], start: [now()] });
const jvm = (host: string): OwnFramePart => partOf('jvm', { time: [now()], host: [host], pid: [1], start: [now()] });
const inventory = (host: string): OwnFramePart => partOf('inventory', { time: [now() * 1_000_000n], host: [host], labels: [new Map([['env', 'stolen']])] });
const event = (host: string): OwnFramePart =>
  partOf('events', { time: [now() * 1_000_000n], kind: ['agent.stop'], title: ['It stopped'], host: [host], attributes: [new Map()] });
/** Of a newer version, of which this program knows nothing but what it can read. */
const newer = (host: string): OwnFramePart => ({ ...lines(host), version: 99 });
const unheard = (host: string): OwnFramePart => packed({ ...seriesPart([series(host)]), schema: 'traces' as 'logs' });
const series = (host: string): Definition => ['system.load', [['host', host]]];
const sample = (host: string): OwnFramePart => samplesPart(series(host), [[now(), 1]]);

const nothing = (): void => expect(server.messages).toEqual([]);

describe('in the name of a host that has an agent', () => {
  const attempts: readonly (readonly [string, () => readonly OwnFramePart[]])[] = [
    ['a line', () => [lines('web-1')]],
    ['a line among a thousand of its own', () => [lines(...Array.from({ length: 1000 }, (_, i) => (i === 700 ? 'web-1' : 'web-2')))]],
    ['a process', () => [processes('web-1')]],
    ['a JVM', () => [jvm('web-1')]],
    ['its inventory', () => [inventory('web-1')]],
    ['an event, such as that its agent stopped', () => [event('web-1')]],
    ['a series with its samples', () => [seriesPart([series('web-1')]), sample('web-1')]],
    ['a line of a newer version', () => [newer('web-1')]],
    ['what nobody here knows, packed', () => [unheard('web-1')]],
    ['by another case of the name', () => [lines('WEB-1')]],
  ];
  test.each(attempts)('an agent sends %s', async (_, parts) => {
    expect(await as(hostile, parts())).toMatchObject({ status: 403, code: 'intake.host' });
    nothing();
  });
  test.each(attempts)('a relay sends %s, whose patterns fit it', async (_, parts) => {
    expect(await as(relay, parts())).toMatchObject({ status: 403, code: 'intake.host' });
    nothing();
  });
  test.each(attempts)('the shared token sends %s', async (_, parts) => {
    const many = parts();
    // Of hosts without an agent it may send.
    expect(await byToken(many)).toMatchObject({ status: 403, code: 'intake.host' });
    nothing();
  });
  test('a frame that says it is of that host, so that it counts as heard', async () => {
    expect(await as(hostile, [lines(null)], { host: 'web-1' })).toMatchObject({ status: 403, code: 'intake.host' });
    expect(await byToken([lines(null)], { host: 'web-1' })).toMatchObject({ status: 403, code: 'intake.host' });
    nothing();
  });
});

describe('values for the series of another host, which bear only an id', () => {
  test('that the store knows: refused, from whomever', async () => {
    stored.set(idOf(...series('web-1')), 'web-1');
    expect(await as(hostile, [sample('web-1')])).toMatchObject({ status: 403, code: 'intake.host' });
    expect(await byToken([sample('web-1')])).toMatchObject({ status: 403, code: 'intake.host' });
    isWhole = () => false;
    expect(await as(hostile, [sample('web-1')])).toMatchObject({ status: 403, code: 'intake.host' });
    nothing();
    // The host's own agent, after a restart of the server that has forgotten what it defined.
    expect(await as(victim, [sample('web-1')])).toMatchObject({ status: 200, told: { rows: 1, define: true } });
    expect(await as(victim, [sample('web-1')])).toMatchObject({ status: 200 });
  });
  test('that only this door was told of, or nobody: refused', async () => {
    expect(await as(victim, [seriesPart([['system.new', [['host', 'web-1']]]])])).toMatchObject({ status: 200 });
    server.messages.length = 0;
    expect(await as(hostile, [samplesPart(['system.new', [['host', 'web-1']]], [[now(), 9]])])).toMatchObject({ status: 403, code: 'intake.host' });
    expect(await byToken([samplesPart(['system.new', [['host', 'web-1']]], [[now(), 9]])])).toMatchObject({ status: 403, code: 'intake.host' });
    nothing();
    // What nobody defined is dropped alone, and its definition is asked for: nothing can be put in place for a host that defines it later.
    isWhole = (topic) => topic === 'im.metrics';
    const none = samplesPart(['none.such', [['host', 'web-1']]], [[now(), 9]]);
    for (const send of [(parts: readonly OwnFramePart[]) => as(hostile, parts), byToken])
      for (let i = 0; i < 2; i++) {
        const host = send === byToken ? 'other' : 'web-2';
        const answer = await send([none, lines(host)]);
        expect(answer).toMatchObject({ status: 200, told: { rows: 1, define: true, dropped: [{ schema: 'metrics', reason: 'undefined', rows: 1 }] } });
      }
    expect(server.values('metrics', 'id')).toEqual([]);
    // Whose it is may define it still.
    expect(await as(victim, [seriesPart([['none.such', [['host', 'web-1']]]]), none])).toMatchObject({ status: 200, told: { rows: 2, dropped: [] } });
  });
  test('defined with the shared token before the host joined, or found in the store then: refused from then on', async () => {
    const [told, kept, mine] = [
      ['told', [['host', 'late-1']]],
      ['kept', [['host', 'late-1']]],
      ['told', [['host', 'other']]],
    ] as const satisfies readonly Definition[];
    stored.set(idOf(...kept), 'late-1');
    const boot = now();
    const send = (...parts: readonly OwnFramePart[]) => byToken(parts, { boot });
    expect(await send(seriesPart([told, mine]), samplesPart(told, [[now(), 1]]), samplesPart(kept, [[now(), 1]]))).toMatchObject({
      status: 200,
      told: { rows: 4 },
    });
    const late = await enrol('late-1');
    server.messages.length = 0;
    for (const definition of [told, kept]) expect(await send(samplesPart(definition, [[now(), 999]]))).toMatchObject({ status: 403, code: 'intake.host' });
    expect(await send(samplesPart(mine, [[now(), 1]]), samplesPart(told, [[now(), 999]]))).toMatchObject({ status: 403, code: 'intake.host' });
    expect(await send(seriesPart([told]))).toMatchObject({ status: 403, code: 'intake.host' });
    nothing();
    expect(await send(samplesPart(mine, [[now(), 1]]))).toMatchObject({ status: 200, told: { rows: 1 } });
    expect(await as(late, [seriesPart([told]), samplesPart(told, [[now(), 2]])])).toMatchObject({ status: 200 });
    await server.registry.revoke('admin', late.identity.id);
    expect(await send(samplesPart(told, [[now(), 1]]))).toMatchObject({ status: 200 });
  });
  test('a definition under the id of another one', async () => {
    expect(await as(hostile, [seriesPart([series('web-2')], [idOf(...series('web-1'))])])).toMatchObject({ status: 400, code: 'intake.refused' });
    nothing();
  });
});

describe('as the agent of another host', () => {
  test('under its id: to repeat, to replace, to silence it by a far run', async () => {
    for (const boot of [victim.boot, 2n ** 64n - 1n, 0n]) {
      const header = { agent: victim.identity.id, boot };
      expect(await as(hostile, [lines('web-2')], header)).toMatchObject({ status: 403, code: 'intake.sender' });
      expect(await byToken([lines('other')], header)).toMatchObject({ status: 403, code: 'intake.sender' });
    }
    nothing();
    expect(await as(victim, [lines('web-1')])).toMatchObject({ status: 200 });
  });
  test('its own run 2^64−1 shuts out nobody, not even itself', async () => {
    expect(await as(hostile, [lines('web-2')], { boot: 2n ** 64n - 1n })).toMatchObject({ status: 409, code: 'intake.future-run' });
    nothing();
    expect(await as(hostile, [lines('web-2')])).toMatchObject({ status: 200 });
  });
  test('with its session, but not its key', async () => {
    const stolen = { ...hostile, session: { ...victim.session, key: hostile.session.key } };
    expect(await as(stolen, [lines('web-1')], { agent: victim.identity.id, host: 'web-1' })).toMatchObject({ status: 401, code: 'agent.proof' });
    nothing();
  });
});

describe('what its sender may not send any more when the last of it comes', () => {
  /** A request of which all but the last byte is there when `then` happens. */
  const held = async (authorization: string, body: Uint8Array, then: () => Promise<unknown>): Promise<string> => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    let answered = '';
    socket.on('data', (bytes) => {
      answered += bytes.toString();
    });
    const head = ['POST /ingest/frames HTTP/1.1', 'host: x', `authorization: ${authorization}`, 'content-encoding: zstd', `content-length: ${body.length}`];
    socket.write(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body.subarray(0, -1)]));
    await expect.poll(() => server.door.state.bytes, { timeout: 30_000 }).toBe(body.length - 1);
    await then();
    socket.write(body.subarray(-1));
    await expect.poll(() => answered, { timeout: 30_000 }).toContain('}\n');
    socket.destroy();
    return answered;
  };
  test.each(['revoke', 'quarantine'] as const)('of an agent: %s', async (what) => {
    const one = await enrol(`gone-${what}`);
    const body = frame([lines(`gone-${what}`)], { agent: one.identity.id, host: `gone-${what}`, boot: one.boot });
    const mac = createHmac('sha256', one.session.key).update(frameContext(one.session.id)).update(body).digest('base64url');
    const answered = await held(`InfraMirror ${one.session.id}.${mac}`, body, () =>
      what === 'revoke' ? server.registry.revoke('admin', one.identity.id) : server.registry.quarantine(one.identity.id, 'two of it'),
    );
    expect(answered).toContain(what === 'revoke' ? '"agent.revoked"' : '"intake.cloned"');
    nothing();
  });
  test('with the shared token, which is switched off', async () => {
    const body = frame([lines('db-1')], { agent: 'somebody', host: 'db-1', boot: now() });
    expect(await held(`Bearer ${server.data.agentToken}`, body, () => server.registry.setShared('admin', false))).toContain('"access.shared-off"');
    await server.registry.setShared('admin', true);
    nothing();
  });
  test('with the shared token, for a host that has joined', async () => {
    const body = frame([lines('joins-1')], { agent: 'somebody', host: 'joins-1', boot: now() });
    expect(await held(`Bearer ${server.data.agentToken}`, body, () => enrol('joins-1'))).toContain('"intake.host"');
    nothing();
  });
  test('while the store was asked whose its series are', async () => {
    const [told, kept]: readonly Definition[] = [
      ['told', [['host', 'asks-1']]],
      ['kept', [['host', 'other']]],
    ];
    stored.set(idOf(...(kept as Definition)), 'other');
    const send = (parts: readonly OwnFramePart[]) => byToken(parts, { boot });
    const boot = now();
    expect(await send([seriesPart([told as Definition])])).toMatchObject({ status: 200 });
    server.messages.length = 0;
    const both = [told, kept].map((definition) => samplesPart(definition as Definition, [[now(), 1]]));
    // On a connection of its own.
    const others = new ServerCalls(server.url, 20_000, new AbortController().signal);
    asking = () => enrol('asks-1', [], others);
    expect(await send(both)).toMatchObject({ status: 503, code: 'intake.busy' });
    others.close();
    asking = async () => undefined;
    expect(await send(both)).toMatchObject({ status: 403, code: 'intake.host' });
    nothing();
  });
});

describe('what stays allowed', () => {
  test('its own host, and rows without one', async () => {
    const own = [seriesPart([series('web-2')]), sample('web-2'), lines('web-2', null), processes('web-2'), jvm('web-2'), inventory('web-2'), event('web-2')];
    expect(await as(hostile, own)).toMatchObject({ status: 200 });
    expect(server.messages).toHaveLength(7);
  });
  test('a relay: no more of a host that has joined, nor values for the series that it defined of it before', async () => {
    expect(await as(relay, [seriesPart([series('switch-9')]), sample('switch-9'), lines('switch-9')])).toMatchObject({ status: 200 });
    await enrol('switch-9');
    for (const part of [lines('switch-9'), sample('switch-9')]) expect(await as(relay, [part])).toMatchObject({ status: 403, code: 'intake.host' });
    expect(await as(relay, [lines('switch-8')])).toMatchObject({ status: 200 });
  });
  test('a relay: the hosts of its patterns, and no other', async () => {
    expect(await as(relay, [lines('switch-7', 'gateway')])).toMatchObject({ status: 200 });
    expect(await as(relay, [lines('switch-7')], { host: 'switch-7' })).toMatchObject({ status: 200 });
    expect(await as(relay, [lines('web-1')])).toMatchObject({ status: 403, code: 'intake.host' });
    expect(await as(relay, [lines('router-7')])).toMatchObject({ status: 403, code: 'intake.host' });
    expect(await as(relay, [lines('web-77')])).toMatchObject({ status: 200 });
    // The right stands in the token, and nobody else has it.
    expect(await as(hostile, [lines('switch-7')])).toMatchObject({ status: 403, code: 'intake.host' });
  });
  test('the shared token: hosts without an agent, under an id that is nobody’s', async () => {
    expect(await byToken([logsPart(['x'], [now() * 1_000_000n])], { host: 'other' })).toMatchObject({ status: 403 });
    expect(await byToken([lines('db-1')], { host: 'db-1' })).toMatchObject({ status: 200 });
  });
});
