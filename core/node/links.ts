// The two kinds of connection that peers speak over: a socket, and the channel that Node keeps between a process and its child.
// Both carry what structured cloning carries: maps, big integers, typed arrays; bytes that arrive are views of what was read.
import type { ChildProcess, Serializable } from 'node:child_process';
import type { Socket } from 'node:net';
import { deserialize, serialize } from 'node:v8';
import type { Link } from './peer.ts';

/** A message on a socket: its size (u32, little-endian), and what V8 writes for it. */
const HEAD = 4;

export const socketLink = (socket: Socket): Link => ({
  send: (message) => {
    const bytes = serialize(message);
    const head = Buffer.allocUnsafe(HEAD);
    head.writeUInt32LE(bytes.length);
    socket.cork();
    socket.write(head);
    socket.write(bytes);
    socket.uncork();
  },
  open: (message, closed) => {
    let chunks: Buffer[] = [];
    let size = 0;
    let wanted = HEAD;
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size < wanted) return;
      const all = chunks.length === 1 ? chunk : Buffer.concat(chunks, size);
      let at = 0;
      for (wanted = HEAD; all.length - at >= HEAD; wanted = HEAD) {
        wanted = HEAD + all.readUInt32LE(at);
        if (all.length - at < wanted) break;
        message(deserialize(all.subarray(at + HEAD, at + wanted)));
        at += wanted;
      }
      chunks = at === all.length ? [] : [all.subarray(at)];
      size = all.length - at;
    });
    // What is wrong with it is told by its end.
    socket.on('error', () => undefined);
    socket.once('close', closed);
  },
  close: () => void socket.destroy(),
});

/** Of a process started with a channel, and of the one that started it; both must speak `serialization: 'advanced'`. */
export const processLink = (end: Pick<ChildProcess | NodeJS.Process, 'send' | 'on' | 'disconnect' | 'connected'>): Link => ({
  send: (message) => {
    if (end.connected) end.send?.(message as Serializable, undefined, undefined, () => undefined);
  },
  open: (message, closed) => {
    (end as NodeJS.Process).on('message', message);
    (end as NodeJS.Process).on('disconnect', closed);
  },
  close: () => {
    if (end.connected) end.disconnect?.();
  },
});
