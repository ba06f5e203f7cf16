// The server of the bench of the door: door and stream in a process of their own, so that their CPU is theirs alone. Argument: a folder.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { silentLogger } from '../core/logger.ts';
import { TelemetryRegistry } from '../core/telemetry.ts';
import { openLmdbStream } from '../engines/stream/lmdb/open.ts';
import { openDoor } from '../ingest/door.ts';
import { TOPICS } from '../pipeline/topology.ts';

const stream = await openLmdbStream({ dir: process.argv[2] ?? '' });
await stream.ensureTopics(TOPICS.map((topic) => ({ ...topic, partitions: 2, retentionBytes: 2 ** 40 })));
const door = openDoor({ stream, telemetry: new TelemetryRegistry(), log: silentLogger });
const server = createServer((request, response) => {
  void door.receiveFrames({ headers: request.headers, body: request, rights: { post: true } }).then(({ status, headers, body }) => {
    response.writeHead(status, headers).end(body);
  });
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
process.stdin.resume().on('end', () => process.exit(0));
