// A sender's way to a server for tests that do not join: the token that all agents share.
import { silentLogger } from '../../core/logger.ts';
import { Credentials } from '../credentials.ts';
import type { SenderWay } from '../send.ts';
import { ServerCalls } from '../server-calls.ts';

export const sharedWay = (server: string, tokenFile: string, stopping: AbortController, requestMs = 5000): SenderWay => {
  const calls = new ServerCalls(server, requestMs, stopping.signal);
  const credentials = new Credentials({
    calls,
    folder: '',
    host: 'h',
    machine: 'm',
    identity: undefined,
    isCopy: false,
    usedToken: undefined,
    boot: () => 1n,
    join: undefined,
    tokenFile,
    tokenFileBefore: undefined,
    settle: async () => undefined,
    joined: () => undefined,
    log: silentLogger,
  });
  return { calls, credentials };
};
