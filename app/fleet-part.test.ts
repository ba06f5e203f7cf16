// Hosts that fell silent and agents that stand still, each for its reason, over a real record store and the real door: in words and as measures.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Identity } from '../agent/identity.ts';
import { signIn } from '../agent/join.ts';
import { type Answer, ServerCalls } from '../agent/server-calls.ts';
import { TelemetryRegistry } from '../core/telemetry.ts';
import { INTAKE_LIMITS } from '../ingest/limits.ts';
import { frameOf, partOf, zstd } from '../ingest/testing/frames.ts';
import { Fleet } from './fleet-part.ts';
import { forgetHost } from './forget-host.ts';
import { AgentServer } from './testing/agent-server.ts';
import { joined, MACHINE, postSigned } from './testing/enrolled.ts';

const MINUTE_MS = 60_000;
let server: AgentServer;
let calls: ServerCalls;
let telemetry: TelemetryRegistry;
let seq = 0;
beforeAll(async () => {
  server = await AgentServer.start();
}, 120_000);
afterAll(async () => {
  await server?.stop();
}, 60_000);
beforeEach(async () => {
  server.ahead = 0;
  for (const table of ['hosts_heard', 'hosts', 'agents', 'join_tokens']) await server.records.query(`DELETE FROM ${table}`);
  await server.open({ limits: { ...INTAKE_LIMITS, bytesPerSender: 1 << 20 } });
  calls = new ServerCalls(server.url, 20_000, new AbortController().signal);
  telemetry = new TelemetryRegistry();
});

const fleet = (now: () => number = server.now): Fleet =>
  new Fleet({ records: server.records, telemetry, registry: server.registry, door: server.door, refused: server.refused, now });
/** Of the inventory, heard so many minutes ago. */
const heard = async (host: string, minutes: number, stopped = false): Promise<void> => {
  const at = BigInt(Date.now() - minutes * MINUTE_MS) * 1_000_000n;
  await server.records.query('INSERT INTO hosts (host, sender, first_seen, last_seen) VALUES ($1, $1, $2, $2) ON CONFLICT DO NOTHING', [host, at]);
  await server.records.query('INSERT INTO hosts_heard (host, sender, boot, seq, heard, lag, stopped, stop_boot) VALUES ($1, $1, 1, 1, $2, 0, $3, $4)', [
    host,
    at,
    stopped ? at : null,
    stopped ? '1' : null,
  ]);
};
const enrol = (host: string): Promise<Identity> => joined(server, calls, host);
/** A frame of an agent, as one for `host`; undefined where it may not even sign in. */
const send = async (identity: Identity, host: string, bytes = 10): Promise<Answer | undefined> => {
  const boot = BigInt(Date.now());
  const session = await signIn(calls, identity, MACHINE, boot, Buffer.alloc(16, 1));
  if ('refused' in session) return undefined;
  const body = Array.from({ length: Math.ceil(bytes / 1000) }, () => 'x'.repeat(1000));
  const now = BigInt(server.now()) * 1_000_000n;
  const lines = partOf('logs', { time: body.map(() => now), severity: body.map(() => 'info'), body });
  const frame = zstd(
    frameOf([lines], {
      agent: identity.id,
      host,
      boot,
      seq: ++seq,
      sent: new Date(server.now()).toISOString(),
    }),
  );
  return postSigned(calls, session, frame);
};
const standing = (reason: string): number => telemetry.value('inframirror_agents_standing_still', { reason });

test('hosts that fell silent are named, the last one first; who stopped on purpose or is gone for a week is no trouble', async () => {
  expect(await fleet().hosts()).toEqual({ name: 'hosts', state: 'ok', detail: 'none has sent anything yet' });
  await heard('here-1', 0);
  await heard('late-1', 2);
  await heard('stopped-1', 600, true);
  await heard('gone-1', 8 * 24 * 60);
  expect(await fleet().hosts()).toEqual({
    name: 'hosts',
    state: 'ok',
    detail: '1 reporting, 1 late, 1 stopped; 1 not heard for more than a week',
  });
  await heard('web-1', 20);
  await heard('web-2', 6 * 24 * 60);
  const { state, detail } = await fleet().hosts();
  expect(state).toBe('degraded');
  expect(detail).toMatch(
    /^1 reporting, 1 late, 2 silent, 1 stopped; silent: web-1 \(last heard 20 min ago\), web-2 \(last heard 6 d ago\); one that is gone for good, or never was, is taken off by inframirror agent forget HOST; 1 not heard/,
  );
  expect([telemetry.value('inframirror_hosts', { state: 'silent' }), telemetry.value('inframirror_hosts_fallen_silent')]).toEqual([3, 2]);
  const { id } = await enrol('web-1');
  await server.records.query("UPDATE hosts SET sender = $1 WHERE host = 'web-1'", [id]);
  expect((await fleet().hosts()).detail).toContain('silent: web-1');
  await server.registry.revoke('admin', id);
  expect((await fleet().hosts()).detail).toMatch(
    /1 silent, 1 stopped; silent: web-2 \([^)]*\); one that [^;]* forget HOST; 1 silent, whose agent was revoked; 1 not heard/,
  );
  expect(telemetry.value('inframirror_hosts_fallen_silent')).toBe(1);
  for (let i = 0; i < 9; i++) await heard(`many-${i}`, 30 + i);
  expect((await fleet().hosts()).detail).toMatch(/silent: many-0 \([^)]*\)(, many-[1-4] \([^)]*\)){4}, 5 more;/);
});

test('a host that is silent, made up or not, is forgotten by an admin with all that is told of it; one that is heard, or that nobody knows, is not', async () => {
  await heard('here-1', 0);
  await heard('made up', 20);
  await heard('web-1', 20);
  await server.records.query("INSERT INTO hosts_history (host, sender, valid_from) VALUES ('made up', 's', 1)");
  await forgetHost(server.records, 'admin', 'made up');
  expect(await server.records.query('SELECT host FROM hosts ORDER BY host')).toEqual([{ host: 'here-1' }, { host: 'web-1' }]);
  for (const table of ['hosts_heard', 'hosts_history']) expect(await server.records.query(`SELECT 1 FROM ${table} WHERE host = 'made up'`)).toEqual([]);
  expect((await fleet().hosts()).detail).not.toContain('made up');
  await expect(forgetHost(server.records, 'admin', 'here-1')).rejects.toMatchObject({
    code: 'host.kept',
    parameters: { reason: expect.stringContaining('came') },
  });
  await expect(forgetHost(server.records, 'admin', 'nobody')).rejects.toMatchObject({
    code: 'host.kept',
    parameters: { reason: expect.stringContaining('no such') },
  });
  expect(
    await server.records.query(
      "SELECT who, detail ->> 'host' AS host FROM audit WHERE what = 'host.forget' AND detail ->> 'failed' IS NULL ORDER BY id LIMIT 1",
    ),
  ).toEqual([{ who: 'admin', host: 'made up' }]);
});

test('an agent that stands still is told with why: cloned, refused, over its quota, silent, revoked and still trying', async () => {
  const names = ['clone', 'foreign', 'loud', 'quiet', 'revoked', 'well'] as const;
  const agents = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await enrol(`${name}-1`)] as const))) as Record<
    (typeof names)[number],
    Identity
  >;
  for (const name of names) if (name !== 'quiet') expect(await send(agents[name], `${name}-1`)).toMatchObject({ status: 200 });
  expect(await fleet().agents()).toEqual({ name: 'agents', state: 'ok', detail: '6 joined' });
  await server.registry.quarantine(agents.clone.id, 'its key is used on another machine');
  await server.registry.revoke('admin', agents.revoked.id);
  server.sessions.end(agents.revoked.id);
  expect(await send(agents.loud, 'loud-1', 2 << 20)).toMatchObject({ status: 200 });
  const refusals = async (): Promise<void> => {
    expect(await send(agents.loud, 'loud-1')).toMatchObject({ status: 429 });
    expect(await send(agents.foreign, 'somebody-else')).toMatchObject({ status: 403, code: 'intake.host' });
    expect(await send(agents.revoked, 'revoked-1')).toBe(undefined);
  };
  await refusals();
  // Refused once is not standing still.
  await fleet().agents();
  expect([standing('refused'), standing('revoked')]).toEqual([0, 0]);
  server.ahead = 2 * MINUTE_MS;
  await refusals();
  await server.registry.flush();
  const { state, detail } = await fleet().agents();
  expect(state).toBe('degraded');
  expect(detail).toContain(`5 joined; clone-1 stands still (${agents.clone.id}): its key is used on another machine`);
  expect(detail).toMatch(/foreign-1 is refused for 2 min[^:]*: .*somebody-else/);
  expect(detail).toContain('loud-1 has sent what it may within a day and waits');
  expect(detail).toContain('revoked, and still trying: revoked-1');
  expect(detail).not.toContain('well-1');
  expect(['cloned', 'refused', 'quota', 'revoked', 'silent'].map(standing)).toEqual([1, 1, 1, 1, 0]);
  // A quarter of an hour later nobody has said anything: those of whom nothing ever came have no line among the hosts.
  const later = await fleet(() => server.now() + 15 * MINUTE_MS).agents();
  expect(later.detail).toMatch(/signed in and sent nothing: .*quiet-1 \(since 17 min[^)]*\)/);
  expect(standing('silent')).toBe(4);
  // The mend shows at once.
  server.ahead = 3 * MINUTE_MS;
  expect(await send(agents.foreign, 'foreign-1')).toMatchObject({ status: 200 });
  await fleet().agents();
  expect(standing('refused')).toBe(0);
  // Its host has a new agent: what the one before it tried last is nobody's trouble.
  expect((await fleet().agents()).detail).toContain('still trying: revoked-1');
  await enrol('revoked-1');
  expect((await fleet().agents()).detail).not.toContain('still trying');
});
