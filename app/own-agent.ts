// How this host's agent, which starts with the server, comes to its identity: the server makes it a join token when it has none that is good here.
// The token is handed over in a file in the agent's folder, for its user alone. It starts no process.
import { mkdirSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { HostFiles } from '../agent/host-files.ts';
import { readIdentity } from '../agent/identity.ts';
import { machineOf, machinePrint } from '../agent/machine.ts';
import { writePrivate } from '../core/node/private-file.ts';
import type { AgentRegistry } from '../ingest/agents/agent-registry.ts';
import { HOST_NAME } from '../schemas/join-token.ts';
import { isNoRoom } from './full-disk.ts';

export interface OwnAgent {
  /** What the agent is started with, beside server and folder. */
  readonly args: readonly string[];
  /** What is in the way of its data: nothing of it is to be waited for. */
  readonly problem: string | undefined;
}

/** Who makes such tokens, as the audit table names it. */
const MAKER = 'start';

/** `tokenFile`: holds the shared token, for a host whose name no agent can join as. */
export const ownAgent = async (folder: string, tokenFile: string, registry: AgentRegistry): Promise<OwnAgent> => {
  const joinFile = join(folder, 'join-token');
  const args = ['--join', joinFile];
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    rmSync(joinFile, { force: true });
  } catch {
    // The agent finds the same, and says it.
    return { args, problem: undefined };
  }
  const { identity } = readIdentity(folder, machinePrint(machineOf(new HostFiles('/'))));
  const known = identity === undefined ? undefined : registry.find(identity.id);
  if (known?.state === 'active') return { args, problem: undefined };
  if (known?.state === 'quarantined') return { args, problem: `it stands still: ${known.reason}; \`inframirror agent release ${known.id}\` lets it go on` };
  const host = identity?.host ?? hostname();
  if (!HOST_NAME.test(host))
    return {
      args: ['--token-file', tokenFile],
      problem: registry.isSharedTaken ? undefined : `the system’s name ${JSON.stringify(host)} is none that an agent can join as, and the shared token is off`,
    };
  const holder = registry.ofHost(host);
  // Its folder is gone, or was brought to another machine: whoever was a server's own agent may be replaced by its server.
  if (holder !== undefined && holder.admittedBy !== MAKER)
    return {
      args,
      problem: `another agent has joined as ${host}: \`inframirror agent token --host ${host} --replace ${holder.id}\` makes a token that puts this one in its place, with \`inframirror agent --join\``,
    };
  if (known?.state === 'revoked') return { args, problem: `it was revoked: ${known.reason}` };
  try {
    const { text } = await registry.makeToken(MAKER, { host, labels: undefined, relays: [], replaces: holder?.id });
    writePrivate(joinFile, `${text}\n`);
  } catch (error) {
    // Without it there are answers all the same.
    if (!isNoRoom(error)) throw error;
    return { args, problem: 'the disk has no room for its token; a start with room makes it' };
  }
  return { args, problem: undefined };
};
