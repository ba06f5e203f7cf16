// What an admin assigned to a host with its agent's token against the labels of series that say otherwise, through the door.
import { expect, test } from 'vitest';
import { columnOf, valueAt } from '../core/batch/batch.ts';
import { decodeStream } from '../core/ipc/read.ts';
import { agentAuthority } from './agents/authorities.ts';
import type { EnrolledAgent } from './agents/enrolled-agent.ts';
import { setUp } from './testing/door.ts';
import { type Definition, frameOf, idOf, seriesPart } from './testing/frames.ts';

const enrolled = (id: string, host: string, labels: Readonly<Record<string, string>>): EnrolledAgent => ({
  id,
  key: new Uint8Array(32),
  host,
  labels: new Map(Object.entries(labels)),
  relays: [],
  machine: 'm',
  joined: 0n,
  admittedBy: 'admin',
  boot: 1n,
  run: undefined,
  signedIn: undefined,
  state: 'active',
  reason: undefined,
});
const agents = [enrolled('one', 'web-1', { datacenter: 'fra1', env: 'prod', rack: '7' }), enrolled('two', 'web-2', { role: 'db' })];
const registry = {
  find: (id: string) => agents.find((one) => one.id === id),
  ofHost: (host: string) => agents.find((one) => one.host === host),
  generation: 1,
};

/** Ids and labels as they go on. */
const kept = async (agent: string, definitions: readonly Definition[]) => {
  const { door, sent } = setUp();
  const of = registry.find(agent) as EnrolledAgent;
  const body = frameOf([seriesPart(definitions)], { agent, host: of.host });
  const answer = await door.receiveFrames({ headers: {}, body, rights: { post: true, authority: agentAuthority(of, registry, () => true) } });
  expect(JSON.parse(answer.body)).toMatchObject({ rows: definitions.length, dropped: [] });
  const [batch] = decodeStream(sent[0]?.messages[0]?.value as Uint8Array);
  if (batch === undefined) throw new Error('nothing was sent');
  return definitions.map((_, row) => ({
    id: valueAt(columnOf(batch, 'id'), row),
    labels: Object.fromEntries(valueAt(columnOf(batch, 'labels'), row) as ReadonlyMap<string, string>),
  }));
};

test('a label that says otherwise than what is assigned is kept under another name, the series stays the one it is', async () => {
  const stolen: Definition = [
    'm',
    [
      ['host', 'web-1'],
      ['datacenter', 'stolen'],
      ['env', 'stolen'],
      ['exported_env', 'x'],
      ['role', 'db'],
      ['rack', '9'],
    ],
  ];
  const same: Definition = [
    'm',
    [
      ['host', 'web-1'],
      ['env', 'prod'],
    ],
  ];
  const hostless: Definition = ['m', [['env', 'stolen']]];
  expect(await kept('one', [stolen, same, hostless])).toEqual([
    {
      id: idOf(...stolen),
      labels: { host: 'web-1', exported_datacenter: 'stolen', exported_exported_env: 'stolen', exported_env: 'x', role: 'db', rack: '9' },
    },
    { id: idOf(...same), labels: { host: 'web-1', env: 'prod' } },
    { id: idOf(...hostless), labels: { exported_env: 'stolen' } },
  ]);
});

test('what is assigned to another host changes nothing', async () => {
  const told: Definition = [
    'm',
    [
      ['host', 'web-2'],
      ['env', 'told'],
      ['datacenter', 'told'],
    ],
  ];
  expect((await kept('two', [told])).map(({ labels }) => labels)).toEqual([{ host: 'web-2', env: 'told', datacenter: 'told' }]);
});
