// Joining, signing in and sending with a key, at the real address with a real record store: what is right goes through, what is wrong is refused
// with its reason and stands in the audit table.
import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { agentConfig } from '../agent/config.ts';
import { Credentials } from '../agent/credentials.ts';
import { keepIdentity, readIdentity } from '../agent/identity.ts';
import { join, signIn } from '../agent/join.ts';
import { Joining } from '../agent/joining.ts';
import { Sender } from '../agent/send.ts';
import { type Answer, ServerCalls } from '../agent/server-calls.ts';
import { Spool } from '../agent/spool/spool.ts';
import { AgentState } from '../agent/state.ts';
import { createLogger, silentLogger } from '../core/logger.ts';
import { frameOf, logsPart, zstd } from '../ingest/testing/frames.ts';
import { frameContext } from '../schemas/agent-proofs.ts';
import { joinTokenText, readJoinToken } from '../schemas/join-token.ts';
import { AgentServer } from './testing/agent-server.ts';

let server: AgentServer;
let calls: ServerCalls;
let folder = '';
beforeAll(async () => {
  server = await AgentServer.start();
}, 120_000);
afterAll(() => server?.stop(), 60_000);
beforeEach(() => {
  folder = mkdtempSync(joinPath(tmpdir(), 'agents-'));
  calls = new ServerCalls(server.url, 20_000, new AbortController().signal);
});
afterEach(async () => {
  calls.close();
  rmSync(folder, { recursive: true });
  server.ahead = 0;
  await server.close();
  await server.records.query('DELETE FROM agents');
  await server.records.query('DELETE FROM join_tokens');
  await server.records.query('DELETE FROM audit');
  await server.records.query('DELETE FROM events');
  await server.open();
  server.messages.length = 0;
});

const MACHINE = 'm'.repeat(32);
const RUN = Buffer.alloc(16, 1);
const outcomeOf = async (text: string, host = 'web-1', machine = MACHINE, at = folder) => join(calls, at, readJoinToken(text), host, machine);
const codeOf = (outcome: object): string | undefined => ('refused' in outcome ? (outcome.refused as Answer).code : undefined);
const joined = async (text: string, host = 'web-1', at = folder) => {
  const outcome = await outcomeOf(text, host, MACHINE, at);
  if ('refused' in outcome) throw new Error(`refused: ${outcome.refused.text}`);
  return outcome;
};
const session = async (identity: Parameters<typeof signIn>[1], boot: bigint, run: Uint8Array = RUN, machine = MACHINE) => {
  const outcome = await signIn(calls, identity, machine, boot, run);
  if ('refused' in outcome) throw new Error(`refused: ${outcome.refused.code}`);
  return outcome;
};
const send = (body: Uint8Array, { id, key }: Awaited<ReturnType<typeof session>>, signed: Uint8Array = body): Promise<Answer> => {
  const mac = createHmac('sha256', key).update(frameContext(id)).update(signed).digest('base64url');
  return calls.post('/ingest/frames', { authorization: `InfraMirror ${id}.${mac}`, 'content-encoding': 'zstd' }, body);
};
const logFrame = (agent: string, boot: bigint, seq = 1): Uint8Array => {
  const now = BigInt(server.now()) * 1_000_000n;
  return zstd(frameOf([logsPart(['one'], [now])], { agent, host: 'web-1', boot, seq, sent: new Date(server.now()).toISOString() }));
};

test('an agent joins by a token, keeps its key for its user alone, signs in, and its frames are taken', async () => {
  const identity = await joined(await server.token('web-1', { labels: new Map([['env', 'prod']]) }));
  keepIdentity(folder, MACHINE, identity);
  expect(statSync(joinPath(folder, 'identity.json')).mode & 0o777).toBe(0o600);
  expect(readIdentity(folder, MACHINE).identity).toMatchObject({ id: identity.id, host: 'web-1' });
  expect(readIdentity(folder, 'another')).toEqual({ identity: undefined, isCopy: true, usedToken: identity.token });
  const boot = BigInt(Date.now());
  const open = await session(identity, boot);
  const body = logFrame(identity.id, boot);
  expect(await send(body, open)).toMatchObject({ status: 200, told: { rows: 1 } });
  expect(server.values('logs', 'body')).toEqual(['one']);
  expect(await server.audit()).toMatchObject([
    { who: 'admin', what: 'agent.token', detail: { host: 'web-1', labels: { env: 'prod' } } },
    { what: 'agent.join', detail: { agent: identity.id, host: 'web-1' } },
  ]);
  // Neither table nor audit keeps what the token was proved with.
  expect(await server.records.query('SELECT secret FROM join_tokens')).toEqual([{ secret: null }]);
});

test('a token that expired a day ago goes with the next one that is made, used or not', async () => {
  await joined(await server.token('web-1'));
  await server.token('web-2');
  const hosts = async () => (await server.records.query('SELECT host FROM join_tokens ORDER BY host')).map(({ host }) => host);
  server.ahead = 24 * 3_600_000;
  await server.token('web-3');
  expect(await hosts()).toEqual(['web-1', 'web-2', 'web-3']);
  server.ahead = 26 * 3_600_000;
  await server.token('web-4');
  expect(await hosts()).toEqual(['web-3', 'web-4']);
});

test('a frame that was changed, that is of another session, or of one that is over, is refused before it is read', async () => {
  const identity = await joined(await server.token('web-1'));
  const boot = BigInt(Date.now());
  const open = await session(identity, boot);
  const body = logFrame(identity.id, boot);
  const changed = Uint8Array.from(body);
  changed[changed.length - 1] = (changed.at(-1) as number) ^ 1;
  expect(await send(changed, open, body)).toMatchObject({ status: 401, code: 'agent.proof' });
  expect(await send(body, { ...open, id: 'A'.repeat(22) })).toMatchObject({ status: 401, code: 'agent.session' });
  expect(await send(body, { ...open, key: Buffer.alloc(32) })).toMatchObject({ status: 401, code: 'agent.proof' });
  server.ahead = 3_600_001;
  expect(await send(body, open)).toMatchObject({ status: 401, code: 'agent.session' });
  server.ahead = 0;
  const later = await session(identity, boot);
  expect(await send(body, open)).toMatchObject({ status: 401, code: 'agent.session' });
  expect(await send(body, later)).toMatchObject({ status: 200 });
  // Any process of the installation takes it, also one that was started since; a later run ends it, wherever that signs in.
  await server.open();
  expect(await send(body, later)).toMatchObject({ status: 200 });
  await session(identity, boot + 1n);
  expect(await send(body, later)).toMatchObject({ status: 401, code: 'agent.session' });
});

test('a nonce of a door whose clock is a little ahead is taken, one that is old or of another time is not', () => {
  server.ahead = 5_000;
  const nonce = server.sessions.nonce();
  server.ahead = 0;
  expect(() => server.sessions.mustBeNonce(nonce)).not.toThrow();
  for (const ahead of [70_000, -70_000]) {
    server.ahead = ahead;
    expect(() => server.sessions.mustBeNonce(nonce)).toThrow('nonce');
  }
  server.ahead = 0;
});

test('each wrong token is refused with its own reason, and the refusals stand in the audit table', async () => {
  const one = await server.token('web-*');
  expect(codeOf(await outcomeOf(one, 'db-1'))).toBe('join.host');
  expect(codeOf(await outcomeOf(one, 'web-1; rm'))).toBe('join.host');
  const { id, secret, keys } = readJoinToken(one);
  expect(codeOf(await outcomeOf(joinTokenText({ id, secret: Buffer.alloc(32), keys })))).toBe('join.proof');
  expect(codeOf(await outcomeOf(joinTokenText({ id: Buffer.alloc(16), secret, keys })))).toBe('join.unknown');
  const first = await joined(one, 'web-7');
  const other = mkdtempSync(joinPath(folder, 'other-'));
  expect(codeOf(await outcomeOf(one, 'web-8', MACHINE, other))).toBe('join.used');
  const late = await server.token('web-9');
  server.ahead = 3_600_001;
  expect(codeOf(await outcomeOf(late, 'web-9', MACHINE, other))).toBe('join.expired');
  server.ahead = 0;
  expect(codeOf(await outcomeOf(await server.token('WEB-7'), 'WEB-7', MACHINE, other))).toBe('join.taken');
  await server.registry.stop();
  expect((await server.audit()).filter(({ what }) => what === 'agent.refuse').map(({ detail }) => detail.code)).toEqual([
    'join.host',
    'join.host',
    'join.proof',
    'join.unknown',
    'join.used',
    'join.expired',
    'join.taken',
  ]);
  expect(server.registry.agents.map(({ id: agent }) => agent)).toEqual([first.id]);
  for (const text of ['', 'ij1.', one.slice(0, -1), `${one}A`, one.replace('ij1', 'ij2')]) expect(() => readJoinToken(text), text).toThrow(/no join token/);
});

test('who tries without end fills the audit table only so far', async () => {
  const { secret, keys } = readJoinToken(await server.token('web-1'));
  const unknown = joinTokenText({ id: Buffer.alloc(16), secret, keys });
  for (let i = 0; i < 100; i++) expect(codeOf(await outcomeOf(unknown))).toBe('join.unknown');
  // An hour of it.
  for (let i = 0; i < 60; i++) {
    server.ahead += 60_000;
    expect(codeOf(await outcomeOf(unknown))).toBe('join.unknown');
  }
  server.ahead += 120_000;
  expect(codeOf(await outcomeOf(unknown))).toBe('join.unknown');
  await server.registry.stop();
  const rows = (await server.audit()).filter(({ what }) => what === 'agent.refuse');
  expect(rows.length).toBeLessThan(30 + 31 + 5);
  expect(rows.reduce((sum, { detail }) => sum + 1 + Number(detail.leftOut ?? 0), 0)).toBe(161);
});

test('an answer that was lost is told again for the same key and token, and nobody else gets it', async () => {
  const text = await server.token('web-1');
  const first = await joined(text);
  expect(await joined(text)).toMatchObject({ id: first.id });
  expect((await server.audit()).filter(({ what }) => what === 'agent.join')).toHaveLength(1);
  expect(codeOf(await outcomeOf(text, 'web-1', MACHINE, mkdtempSync(joinPath(folder, 'other-'))))).toBe('join.used');
});

test('a server that does not have the command key of the token is not joined, and the random part is not told to it', async () => {
  const { id, secret } = readJoinToken(await server.token('web-1'));
  const foreign = joinTokenText({ id, secret, keys: [Buffer.alloc(32, 1), Buffer.alloc(32, 2)] });
  const said: string[] = [];
  const ask = calls.ask.bind(calls);
  calls.ask = (path, json) => {
    said.push(JSON.stringify(json));
    return ask(path, json);
  };
  await expect(outcomeOf(foreign)).rejects.toMatchObject({ code: 'agent.server-proof' });
  expect(said.join()).not.toContain(secret.toBase64({ alphabet: 'base64url', omitPadding: true }));
  expect(readFileSync(joinPath(folder, 'joining.json'), 'utf8')).not.toContain(secret.toBase64({ alphabet: 'base64url', omitPadding: true }));
});

test('a host that something between has put into the answer is not taken', async () => {
  const text = await server.token('web-*');
  const ask = calls.ask.bind(calls);
  calls.ask = async (path, json) => {
    const answer = await ask(path, json);
    return answer.told?.host === undefined ? answer : { ...answer, told: { ...answer.told, host: 'db-1' } };
  };
  await expect(outcomeOf(text)).rejects.toMatchObject({ code: 'agent.server-proof' });
  calls.ask = ask;
  expect(await joined(text)).toMatchObject({ host: 'web-1' });
});

test('who uses a copied key only now and then is found within a day; an image that is put back again and again is none', async () => {
  const thief = Buffer.alloc(16, 2);
  const identity = await joined(await server.token('web-1'));
  let boot = BigInt(server.now());
  await session(identity, boot);
  const isFound = async (): Promise<boolean> => {
    const outcome = await signIn(calls, identity, MACHINE, boot, RUN);
    if (!('refused' in outcome)) return false;
    if (outcome.refused.code === 'intake.cloned') return true;
    // As the agent does.
    boot = BigInt(outcome.refused.told?.next as string) + 1n;
    await session(identity, boot);
    return false;
  };
  for (let use = 0; use < 2; use++) {
    server.ahead += 3 * 3_600_000;
    await session(identity, BigInt(server.now()), thief);
    expect(await isFound()).toBe(use === 1);
  }
  expect(server.registry.find(identity.id)?.state).toBe('quarantined');

  const restored = await joined(await server.token('web-2'), 'web-2', mkdtempSync(joinPath(folder, 'restored-')));
  const kept = BigInt(server.now());
  await session(restored, kept);
  await session(restored, kept + 5n, Buffer.alloc(16, 3));
  for (let life = 0; life < 4; life++) {
    server.ahead += 3_600_000;
    const outcome = await signIn(calls, restored, MACHINE, kept, RUN);
    if (!('refused' in outcome)) throw new Error('it was taken');
    await session(restored, BigInt(outcome.refused.told?.next as string) + 1n);
  }
  expect(server.registry.find(restored.id)?.state).toBe('active');
});

test.each([
  ['at its start', true, true],
  ['as soon as a token comes', false, true],
  ['without the shared token any more', true, false],
  ['though the oldest frame is altered on its way', true, true, 408],
  ['though too much is asked of the server', true, true, 429],
])('an agent that goes from the shared token to a key of its own, %s, sends no frame under both', async (_, isAtStart, isTokenThere, first = 0) => {
  const shared = joinPath(folder, 'shared');
  const joinFile = joinPath(folder, 'join');
  writeFileSync(shared, server.data.agentToken);
  const spool = new Spool({ folder: joinPath(folder, 'spool'), limitBytes: 1 << 22, segmentBytes: 1 << 20, fsync: false });
  const state = new AgentState(folder, Date.now());
  const bodies = [1, 2, 3].map((seq) => logFrame(state.id, state.boot, seq));
  for (const [i, body] of bodies.entries()) spool.append({ boot: String(state.boot), seq: i + 1, parts: 1, rows: 1 }, body);
  const lines: string[] = [];
  const start = (tokenFile: string | undefined): Joining =>
    new Joining({
      config: agentConfig({ server: server.url, folder, join: joinFile, tokenFile }),
      host: 'web-1',
      machine: MACHINE,
      found: readIdentity(folder, MACHINE),
      state,
      spool,
      log: createLogger({ level: 'warn', format: 'json', write: (line) => void lines.push(line) }),
      stopping: new AbortController().signal,
      redefine: () => undefined,
    });
  // Another run of it sends the first one, and its answer is lost.
  const before = start(shared);
  await before.join();
  expect(
    await calls.post('/ingest/frames', { authorization: `Bearer ${server.data.agentToken}`, 'content-encoding': 'zstd' }, bodies[0] as Uint8Array),
  ).toMatchObject({
    status: 200,
  });
  const giveToken = async (): Promise<void> => writeFileSync(joinFile, await server.token('web-1'));
  if (isAtStart) await giveToken();
  if (!isTokenThere) rmSync(shared);
  // What it was shown before is found again too where only the join token is given.
  const joining = start(isAtStart ? undefined : shared);
  const post = joining.way.calls.post.bind(joining.way.calls);
  let answer = first;
  joining.way.calls.post = async (path, headers, body) => {
    if (path !== '/ingest/frames' || answer === 0) return post(path, headers, body);
    const refusal = { status: answer, retryAfter: undefined, text: 'not now', code: 'intake.altered', told: undefined };
    answer = 0;
    return refusal;
  };
  await joining.join();
  if (!isAtStart) await giveToken();
  const options = { server: server.url, fsync: false, retryMs: 10, retryMostMs: 50, refusedMs: 20 };
  const sender = new Sender(
    spool,
    options,
    joining.way,
    { acknowledged: () => undefined, refused: () => undefined, renumbered: () => state.stored.renumbered },
    silentLogger,
  );
  sender.start();
  await sender.drain(20_000);
  await sender.stop();
  before.way.calls.close();
  spool.close();
  const sent = server.messages.map(({ headers }) => `${headers.sender} ${headers.boot} ${headers.seq}`);
  expect(new Set(sent).size).toBe(isTokenThere ? 3 : 4);
  expect(readIdentity(folder, MACHINE).identity?.id).toBe(state.id);
  expect(lines.filter((line) => line.includes('may then be twice'))).toHaveLength(isTokenThere ? 0 : 1);
});

test('a server that is busy does not end a session, one that does not know it does', async () => {
  const identity = await joined(await server.token('web-1'));
  const credentials = new Credentials({
    calls,
    folder,
    host: 'web-1',
    machine: MACHINE,
    identity,
    isCopy: false,
    usedToken: identity.token,
    boot: () => 7n,
    join: undefined,
    tokenFile: undefined,
    tokenFileBefore: undefined,
    settle: async () => undefined,
    joined: () => undefined,
    log: silentLogger,
  });
  const sessionOf = async (): Promise<string> => String(await credentials.authorize(Buffer.from('body'))).split('.')[0] ?? '';
  const first = await sessionOf();
  for (const code of [undefined, 'intake.full', 'intake.busy', 'stream.full', 'intake.older-seq', 'frame.malformed']) {
    expect(credentials.refused(code)).toBe(false);
    expect(await sessionOf()).toBe(first);
  }
  expect(credentials.refused('agent.session')).toBe(true);
  expect(await sessionOf()).not.toBe(first);
});

test('a server whose command keys are others than those joined is not signed in to', async () => {
  const identity = await joined(await server.token('web-1'));
  const stranger = { ...identity, commandKeys: [Buffer.alloc(32, 1), Buffer.alloc(32, 2)] as const };
  await expect(signIn(calls, stranger, MACHINE, 5n, RUN)).rejects.toMatchObject({ code: 'agent.server-proof' });
});

test('an agent that is replaced is revoked at once; its place is taken by one alone', async () => {
  const old = await joined(await server.token('web-1'));
  const boot = BigInt(Date.now());
  const open = await session(old, boot);
  const next = await joined(await server.token('web-1', { replaces: old.id }), 'web-1', mkdtempSync(joinPath(folder, 'new-')));
  expect(await send(logFrame(old.id, boot), open)).toMatchObject({ status: 403, code: 'agent.revoked' });
  expect(codeOf(await signIn(calls, old, MACHINE, boot, RUN))).toBe('agent.revoked');
  expect(server.registry.ofHost('WEB-1')?.id).toBe(next.id);
  expect((await server.audit()).map(({ what }) => what)).toEqual(['agent.token', 'agent.join', 'agent.token', 'agent.replace']);
  await expect(server.token('web-1', { replaces: 'nobody' })).rejects.toMatchObject({ code: 'agent.none' });
});

test('what is known of agents is there after a restart: their runs, their state, the shared token', async () => {
  const identity = await joined(await server.token('web-1'));
  await session(identity, 7000n);
  await server.registry.setShared('admin', false);
  await server.open();
  expect(server.registry.find(identity.id)).toMatchObject({ boot: 7000n, host: 'web-1', state: 'active' });
  expect(server.registry.isSharedTaken).toBe(false);
  const shared = await calls.post('/ingest/frames', { authorization: `Bearer ${server.data.agentToken}`, 'content-encoding': 'zstd' }, logFrame('x', 7n));
  expect(shared).toMatchObject({ status: 403, code: 'access.shared-off' });
  await server.registry.setShared('admin', true);
  await server.registry.revoke('admin', identity.id);
  expect(await server.registry.revoke('somebody', identity.id)).toMatchObject({ state: 'revoked', reason: 'by admin' });
  expect(server.registry.find(identity.id)?.reason).toBe('by admin');
  await server.open();
  expect(codeOf(await signIn(calls, identity, MACHINE, 8000n, RUN))).toBe('agent.revoked');
});

test('who signs in without the key, with a nonce twice, or with an old one, is refused', async () => {
  const [identity, other] = [
    await joined(await server.token('web-1')),
    await joined(await server.token('web-2'), 'web-2', mkdtempSync(joinPath(folder, 'two-'))),
  ];
  expect(codeOf(await signIn(calls, { ...identity, key: other.key }, MACHINE, 5n, RUN))).toBe('agent.proof');
  expect(codeOf(await signIn(calls, { ...identity, id: 'nobody' }, MACHINE, 5n, RUN))).toBe('agent.unknown');
  const asked: { path: string; json: Parameters<ServerCalls['ask']>[1] }[] = [];
  const ask = calls.ask.bind(calls);
  calls.ask = (path, json) => {
    asked.push({ path, json });
    return ask(path, json);
  };
  await session(identity, 5n);
  const last = asked.at(-1) as (typeof asked)[0];
  expect(await ask(last.path, last.json)).toMatchObject({ status: 401, code: 'agent.nonce' });
  server.ahead = 61_000;
  expect(await ask(last.path, last.json)).toMatchObject({ code: 'agent.nonce' });
  for (const json of [{}, { agent: 5 }, { ...last.json, run: 'x' }, { ...last.json, boot: '-1' }, { ...last.json, boot: '9'.repeat(30) }])
    expect(await ask(last.path, json)).toMatchObject({ status: 400, code: 'agent.request' });
  expect(await calls.post(last.path, {}, Buffer.alloc(10_000))).toMatchObject({ status: 413 });
});

test('a run far ahead of the clock is refused, one that goes back is told a free number; the second time somebody else runs under the id', async () => {
  const identity = await joined(await server.token('web-1'));
  const boot = BigInt(Date.now());
  expect(codeOf(await signIn(calls, identity, MACHINE, 2n ** 63n - 1n, RUN))).toBe('intake.future-run');
  await session(identity, boot);
  // A restart of the agent, and the same process once more.
  await session(identity, boot + 10n, Buffer.alloc(16, 2));
  await session(identity, boot + 10n, Buffer.alloc(16, 2));
  expect(codeOf(await signIn(calls, identity, MACHINE, boot, RUN))).toBe('intake.older-run');
  await session(identity, boot + 20n);
  expect(codeOf(await signIn(calls, identity, MACHINE, boot + 10n, Buffer.alloc(16, 2)))).toBe('intake.cloned');
  expect(codeOf(await signIn(calls, identity, MACHINE, boot + 20n, RUN))).toBe('intake.cloned');
  expect(server.registry.find(identity.id)?.state).toBe('quarantined');
  expect(await server.records.query("SELECT host FROM events WHERE kind = 'agent.quarantine'")).toEqual([{ host: 'web-1' }]);
  await server.registry.release('admin', identity.id);
  // A second time there is nothing to do, nor to write.
  expect(await server.registry.release('admin', identity.id)).toMatchObject({ state: 'active' });
  await session(identity, boot + 30n);
  expect((await server.audit()).map(({ what }) => what)).toEqual(['agent.token', 'agent.join', 'agent.quarantine', 'agent.release']);
});

test('a key that is used on another machine is quarantined', async () => {
  const identity = await joined(await server.token('web-1'));
  await session(identity, 5n);
  expect(codeOf(await signIn(calls, identity, 'n'.repeat(32), 6n, RUN))).toBe('intake.cloned');
  expect(codeOf(await signIn(calls, identity, MACHINE, 7n, RUN))).toBe('intake.cloned');
});

test('who sends nothing of what he announces keeps nobody from joining', async () => {
  const { hostname, port } = new URL(server.url);
  const slow = Array.from({ length: 40 }, () => connect(Number(port), hostname));
  try {
    for (const socket of slow) {
      socket.on('error', () => undefined);
      socket.write(`POST /agent/join HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n`);
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await joined(await server.token('web-1'))).toMatchObject({ host: 'web-1' });
  } finally {
    for (const socket of slow) socket.destroy();
  }
});
