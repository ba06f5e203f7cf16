// `inframirror agent token|list|revoke|release|forget|shared`: what an admin does with agents, asked of the running server.
import { isDeepStrictEqual } from 'node:util';
import { CodedError } from '../../core/errors.ts';
import { plain } from '../../core/plain.ts';
import { labelsOf } from './agent-labels.ts';
import { ADMINISTRATION, type AdministrationName, TOKEN_OPTIONS } from './agent-words.ts';
import { type Arguments, command, type Options, suggestion } from './arguments.ts';
import { askServer, SERVER_OPTIONS, serverOf } from './ask-server.ts';
import type { ShownColumn } from './shown-column.ts';
import { tableOf } from './table.ts';
import { writeOut } from './write-out.ts';

interface Agent {
  readonly id: string;
  readonly host: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly relays: readonly string[];
  readonly state: string;
  readonly reason: string | null;
  readonly joinedAt: string;
  readonly signedInAt: string | null;
}

const AGENT = 'id host labels relays state reason joinedAt signedInAt';

type Labels = Agent['labels'];

const labelText = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');

const ask = <T>(read: Arguments, query: string, variables: Readonly<Record<string, unknown>> = {}): Promise<T> =>
  askServer<T>(serverOf(read), query, variables, AbortSignal.timeout(30_000));

const token = async (read: Arguments): Promise<number> => {
  const host = read.values.get('host');
  if (host === undefined) throw new CodedError('command.usage', { problem: '--host is missing: the name of the host that joins, or a pattern' });
  const given = read.lists.get('label') ?? [];
  if (given.length > 0 && read.flags.has('no-labels')) throw new CodedError('command.usage', { problem: 'give --label or --no-labels, not both' });
  const labels = given.length > 0 || read.flags.has('no-labels') ? Object.fromEntries(labelsOf(given)) : undefined;
  const { makeJoinToken } = await ask<{
    readonly makeJoinToken: {
      readonly token: string;
      readonly expiresAt: string;
      readonly heldBy: { readonly id: string; readonly host: string } | null;
      readonly assigned: Labels | null;
    };
  }>(
    read,
    `mutation ($host: String!, $labels: JSON, $relays: [String!], $replaces: String) {
      makeJoinToken(host: $host, labels: $labels, relays: $relays, replaces: $replaces) { token expiresAt heldBy { id host } assigned }
    }`,
    {
      host,
      labels: labels ?? null,
      relays: read.lists.get('relay') ?? [],
      ...(read.values.has('replace') ? { replaces: read.values.get('replace') } : {}),
    },
  );
  process.stdout.write(`${makeJoinToken.token}\n`);
  process.stderr.write(`Good for one agent, until ${plain(makeJoinToken.expiresAt)}. On ${plain(host)}: inframirror agent --server URL --join TOKEN\n`);
  process.stderr.write(aboutLabels(host, makeJoinToken.assigned ?? {}, labels));
  if (makeJoinToken.heldBy !== null) {
    const { id, host: held } = makeJoinToken.heldBy;
    process.stderr.write(
      `warning: ${plain(held)} has an agent already (${plain(id)}). Nobody joins by this token until that one is revoked (\`inframirror agent revoke ${plain(id)}\`); a token made with \`--replace ${plain(id)}\` takes its place by itself\n`,
    );
  }
  return 0;
};

/** What becomes of the labels that the host has; nothing where it has none, or gets the same. `given` undefined: it keeps them. */
const aboutLabels = (host: string, assigned: Labels, given: Labels | undefined): string => {
  if (Object.keys(assigned).length === 0 || isDeepStrictEqual(assigned, given)) return '';
  if (given === undefined) return `${plain(host)} keeps its labels: ${plain(labelText(assigned))}\n`;
  return `warning: ${plain(host)} will have ${plain(labelText(given)) || 'no labels'} instead of ${plain(labelText(assigned))}\n`;
};

const column = (name: string, type: string, values: readonly unknown[]): ShownColumn => ({ name, type, unit: null, values });

const list = async (read: Arguments): Promise<number> => {
  const { agents, sharedAgentToken } = await ask<{ readonly agents: readonly Agent[]; readonly sharedAgentToken: boolean }>(
    read,
    `{ agents { ${AGENT} } sharedAgentToken }`,
  );
  const { text } = tableOf(
    [
      column(
        'host',
        'text',
        agents.map(({ host }) => host),
      ),
      column(
        'state',
        'text',
        agents.map(({ state }) => state),
      ),
      column(
        'id',
        'text',
        agents.map(({ id }) => id),
      ),
      column(
        'signed in',
        'time',
        agents.map(({ signedInAt }) => signedInAt),
      ),
      column(
        'joined',
        'time',
        agents.map(({ joinedAt }) => joinedAt),
      ),
      column(
        'labels',
        'text',
        agents.map(({ labels }) => labelText(labels) || null),
      ),
      column(
        'relays',
        'text',
        agents.map(({ relays }) => relays.join(' ') || null),
      ),
      column(
        'reason',
        'text',
        agents.map(({ reason }) => reason),
      ),
    ],
    agents.length,
    { width: process.stdout.isTTY ? process.stdout.columns : undefined },
  );
  if (agents.length > 0) writeOut(text);
  else process.stderr.write('no agent has joined yet: `inframirror agent token --host NAME` makes a token\n');
  process.stderr.write(`the shared token is ${sharedAgentToken ? 'taken too' : 'off'}\n`);
  return 0;
};

const one = (read: Arguments, what: string): string => {
  const [id] = read.positionals;
  if (id === undefined)
    throw new CodedError('command.usage', { problem: `say which: \`inframirror agent ${what} ID\`; \`inframirror agent list\` has the ids` });
  return id;
};

/** `state`: that it is in afterwards. Of one that is in it before, nothing is said to have been done. */
const change = (what: 'revoke' | 'release', state: string, done: string) => async (read: Arguments) => {
  const id = one(read, what);
  const { agents } = await ask<{ readonly agents: readonly Agent[] }>(read, `{ agents { ${AGENT} } }`);
  const before = agents.find((agent) => agent.id === id);
  const { agent } = await ask<{ readonly agent: Agent }>(read, `mutation ($id: String!) { agent: ${what}Agent(id: $id) { ${AGENT} } }`, { id });
  const named = `${plain(agent.id)} of ${plain(agent.host)}`;
  const reason = agent.reason === null ? '' : ` (${plain(agent.reason)})`;
  process.stdout.write(before?.state === state ? `nothing to do: ${named} is ${state} already${reason}\n` : `${done}: ${named}\n`);
  return 0;
};

const forget = async (read: Arguments): Promise<number> => {
  const [host] = read.positionals;
  if (host === undefined) throw new CodedError('command.usage', { problem: 'say which: `inframirror agent forget HOST`' });
  await ask(read, 'mutation ($host: String!) { forgetHost(host: $host) }', { host });
  process.stdout.write(`${plain(host)} is off the inventory; what came of it stays as long as it is kept\n`);
  return 0;
};

const shared = async (read: Arguments): Promise<number> => {
  const [word] = read.positionals;
  if (word !== 'on' && word !== 'off')
    throw new CodedError('command.usage', { problem: 'say `inframirror agent shared on` or `inframirror agent shared off`' });
  await ask(read, 'mutation ($taken: Boolean!) { setSharedAgentToken(taken: $taken) }', { taken: word === 'on' });
  process.stdout.write(`the shared token is ${word === 'on' ? 'taken' : 'off'}\n`);
  return 0;
};

interface Administration {
  readonly options: Options;
  readonly most: number;
  readonly run: (read: Arguments) => Promise<number>;
}

const COMMANDS: Readonly<Record<AdministrationName, Administration>> = {
  token: { options: { ...TOKEN_OPTIONS, ...SERVER_OPTIONS }, most: 0, run: token },
  list: { options: SERVER_OPTIONS, most: 0, run: list },
  revoke: { options: SERVER_OPTIONS, most: 1, run: change('revoke', 'revoked', 'revoked') },
  release: { options: SERVER_OPTIONS, most: 1, run: change('release', 'active', 'released') },
  forget: { options: SERVER_OPTIONS, most: 1, run: forget },
  shared: { options: SERVER_OPTIONS, most: 1, run: shared },
};

/** `args` begin with what is to be done. */
export const administration = ([name = '', ...rest]: readonly string[]): Promise<number> => {
  const names = Object.keys(ADMINISTRATION) as AdministrationName[];
  const found = names.find((one) => one === name);
  if (found !== undefined) {
    const { options, most, run } = COMMANDS[found];
    const { usage, summary } = ADMINISTRATION[found];
    return command(rest, usage, summary, options, most, run);
  }
  return command([], 'agent', '', {}, 0, () => {
    throw new CodedError('command.usage', { problem: `agent has no ${JSON.stringify(name)}${suggestion(name, names) || `; there are ${names.join(', ')}`}` });
  });
};
