// A server whose clock is days behind, as after its battery is empty, at the real address: agents number their runs by their own clocks, so
// none could sign in. They are told that the server's clock is wrong, and so is who runs it; no agent is told as refused.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { signIn } from '../agent/join.ts';
import { type Answer, ServerCalls } from '../agent/server-calls.ts';
import { frameOf, partOf, zstd } from '../ingest/testing/frames.ts';
import { CLOCK_HEADER } from '../schemas/frame.ts';
import { AgentServer } from './testing/agent-server.ts';
import { type Enrolled, enrolled, MACHINE, sessionOf, signatureOf } from './testing/enrolled.ts';

const DAY = 86_400_000;

let server: AgentServer;
let calls: ServerCalls;
let agents: readonly Enrolled[] = [];
beforeAll(async () => {
  server = await AgentServer.start();
  calls = new ServerCalls(server.url, 20_000, new AbortController().signal);
  agents = [await enrolled(server, calls, 'web-1'), await enrolled(server, calls, 'web-2'), await enrolled(server, calls, 'web-3')];
}, 120_000);
afterAll(async () => {
  calls.close();
  await server.stop();
}, 60_000);
beforeEach(() => {
  server.ahead = 0;
});

const signedIn = async ({ identity, boot }: Enrolled): Promise<Answer | undefined> => {
  const outcome = await signIn(calls, identity, MACHINE, boot, Buffer.alloc(16, 1));
  return 'refused' in outcome ? outcome.refused : undefined;
};
const send = ({ identity, boot, session }: Enrolled, seq: number): Promise<Answer> => {
  const now = Date.now();
  const header = { agent: identity.id, host: identity.host, boot, seq, sent: new Date(now).toISOString() };
  const frame = zstd(frameOf([partOf('logs', { time: [BigInt(now) * 1_000_000n], severity: ['info'], body: ['one'] })], header));
  return calls.post('/ingest/frames', { authorization: signatureOf(session, frame), 'content-encoding': 'zstd', [CLOCK_HEADER]: String(now) }, frame);
};

test('one that starts two days behind says so to each agent and to its status, and takes all when it is set right', async () => {
  server.ahead = -2 * DAY;
  await server.open();
  for (const agent of agents) expect(await signedIn(agent)).toMatchObject({ status: 503, code: 'intake.clock', retryAfter: '60' });
  const { clock } = server.door.state;
  expect(clock).toMatchObject({ agents: 3, of: 3 });
  expect(Math.round((clock?.offset ?? 0) / DAY)).toBe(2);
  server.ahead += 90_000;
  for (const agent of agents) await signedIn(agent);
  expect(server.refused.standing).toEqual([]);
  server.ahead = 0;
  for (const agent of agents) {
    agent.session = await sessionOf(calls, agent.identity, agent.boot);
    expect(await send(agent, 1)).toMatchObject({ status: 200, told: { dropped: [] } });
  }
  expect(server.door.state.clock).toBeUndefined();
});

test('one that is set back by two days while agents are signed in takes nothing and renumbers nobody', async () => {
  await server.open();
  for (const agent of agents) {
    agent.session = await sessionOf(calls, agent.identity, agent.boot);
    expect(await send(agent, 10)).toMatchObject({ status: 200 });
  }
  server.ahead = -2 * DAY;
  for (const agent of agents) expect(await send(agent, 11)).toMatchObject({ status: 503, code: 'intake.clock', retryAfter: '60' });
  server.ahead = 0;
  for (const agent of agents) expect(await send(agent, 11)).toMatchObject({ status: 200, told: { dropped: [] } });
});

test('who does not prove its key has no say', async () => {
  server.ahead = -2 * DAY;
  await server.open();
  const [thief] = agents as readonly [Enrolled];
  for (const { identity, boot } of agents) {
    const outcome = await signIn(calls, { ...identity, key: thief.identity.key }, MACHINE, boot, Buffer.alloc(16, 1));
    expect('refused' in outcome && outcome.refused.code).toBe(identity === thief.identity ? 'intake.clock' : 'agent.proof');
  }
  expect(server.door.state.clock).toBeUndefined();
});
