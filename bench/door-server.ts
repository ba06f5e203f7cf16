// The server of the bench of the door: the address, who may send, door and stream in a process of their own, so that their CPU is theirs alone.
// Argument: for how many agents it makes join tokens. Prints one line of JSON: where it is, the shared token, the join tokens.
import { join } from 'node:path';
import { AgentServer } from '../app/testing/agent-server.ts';
import { openLmdbStream } from '../engines/stream/lmdb/open.ts';
import { TOPICS } from '../pipeline/topology.ts';

const server = await AgentServer.start();
const stream = await openLmdbStream({ dir: join(server.folder, 'stream') });
await stream.ensureTopics(TOPICS.map((topic) => ({ ...topic, partitions: 2, retentionBytes: 2 ** 40 })));
await server.open({ stream });
const tokens: string[] = [];
for (let n = 0; n < Number(process.argv[2]); n++) tokens.push(await server.token(`host-${n}`));
process.stdout.write(`${JSON.stringify({ url: server.url, token: server.data.agentToken, tokens })}\n`);
process.stdin.resume().on('end', () => {
  void server
    .close()
    .then(() => stream.close())
    .then(() => server.stop())
    .then(() => process.exit(0));
});
