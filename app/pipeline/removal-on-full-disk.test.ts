// Old rows are removed to make room where the disk takes nothing more: whoever holds answers made of them is told before they go.
import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { socketLink } from '../../core/node/links.ts';
import { type Methods, Peer } from '../../core/node/peer.ts';
import { ToldWrites } from '../../pipeline/told-writes.ts';
import { clearDisk, fillDisk, smallDisk } from '../../test/support/small-disk.ts';
import { HeardRows } from './heard-rows.ts';
import { ToldWriter } from './told-file.ts';
import { begunRows, writeTeller } from './written-rows.ts';

const connected = async (): Promise<readonly [Socket, Socket]> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = createConnection((server.address() as AddressInfo).port, '127.0.0.1');
  const [other] = (await once(server, 'connection')) as [Socket];
  onTestFinished(() => void server.close());
  return [socket, other];
};

test('on a full disk rows are removed all the same, and that is told before they go', async (context) => {
  const disk = smallDisk(context, '2m');
  const heard = new HeardRows(disk);
  const file = new ToldWriter(disk, heard.begins());
  const [own, other] = await connected();
  const gone = (): Error => new Error('gone');
  const methods = { removing: (...removal: Parameters<HeardRows['removing']>) => heard.removing(...removal) };
  const peers = [new Peer(socketLink(other), methods as unknown as Methods, gone), new Peer(socketLink(own), {}, gone)] as const;
  onTestFinished(() => {
    for (const peer of peers) peer.close();
    file.close();
    heard.stop();
  });
  const seen: unknown[] = [];
  heard.writes.listen({ begun: (write, rows) => void seen.push([write, rows]), over: (write) => void seen.push(['over', write]) });
  fillDisk(disk);
  const day = { table: 'samples', metric: undefined, from: 0n, to: 86_400_000_000_000n };
  // Until not even the rest of a page takes a record.
  expect(() => {
    for (;;) file.tell('begun', begunRows(100, [day]));
  }).toThrow('ENOSPC');
  heard.writes.hear();
  seen.length = 0;
  const writes = new ToldWrites(writeTeller(file, peers[1]));
  await writes.removing('rollups_5m', 0, 86_400_000, async () => {
    expect(seen).toEqual([['1/1', [day]]]);
    seen.push('gone');
  });
  // That it is over there was no room to tell: it is told with the next one that is.
  heard.writes.hear();
  expect(seen.slice(1)).toEqual(['gone']);
  clearDisk(disk);
  await writes.removing('logs', 0, 1, async () => undefined);
  heard.writes.hear();
  expect(seen.slice(2)).toEqual([
    ['1/2', [expect.objectContaining({ table: 'logs' })]],
    ['over', '1/1'],
    ['over', '1/2'],
  ]);
});
