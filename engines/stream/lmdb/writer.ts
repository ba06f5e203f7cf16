// The writer's thread: every change to the log is a transaction here, done one after the other, on disk when answered.
// A thread of its own because a commit waits for the disk, and because LMDB reports a full disk only to synchronous
// transactions in a way that can be caught. It decides nothing: what to write comes from `commits.ts`.
import { parentPort, workerData } from 'node:worker_threads';
import { openEnvironment, type Environment } from './environment.ts';
import { encodePartition, LAYOUT_VERSION, messageKey, metaKey, offsetOfKey, costOf, timeOfRecord, type PartitionRecord } from './layout.ts';
import { giveUpOwnership, takeOwnership } from './owner.ts';

export type WriterTask =
  /** `puts`: for each record its database (0 messages, 1 meta; u8), key size (u16), value size (u32), key, value. */
  | { readonly kind: 'put'; readonly puts: ArrayBuffer; readonly size: number }
  | { readonly kind: 'trim'; readonly trim: TrimTask }
  | { readonly kind: 'close' };

/** Removes messages from the beginning of a partition. */
export interface TrimTask {
  readonly topicId: number;
  readonly partition: number;
  readonly at: PartitionRecord;
  /** Goes while there are more bytes than this … */
  readonly keepBytes: number;
  /** … or while the first came before this time (ms). */
  readonly keepSince: number;
  /** Bounds of one step. */
  readonly mostMessages: number;
  readonly mostBytes: number;
}

export interface Trimmed {
  readonly at: PartitionRecord;
  readonly messages: number;
  readonly byAge: number;
  /** The step ended at its bounds. */
  readonly more: boolean;
}

export type WriterAnswer = { readonly ok: true; readonly trimmed?: Trimmed } | { readonly ok: false; readonly reason: string };
/** The first thing the thread says. */
export type WriterGreeting = { readonly ready: true } | { readonly ready: false; readonly holder?: number; readonly newer?: number; readonly reason?: string };

const put = ({ root, messages, meta }: Environment, puts: ArrayBuffer, size: number): void => {
  const view = new DataView(puts);
  root.transactionSync(() => {
    for (let at = 0; at < size; ) {
      const database = view.getUint8(at) === 0 ? messages : meta;
      const keySize = view.getUint16(at + 1, true);
      const valueSize = view.getUint32(at + 3, true);
      database.putSync(Buffer.from(puts, at + 7, keySize), Buffer.from(puts, at + 7 + keySize, valueSize));
      at += 7 + keySize + valueSize;
    }
  });
};

const trim = ({ root, messages, meta }: Environment, task: TrimTask): Trimmed =>
  root.transactionSync(() => {
    let { earliest, bytes, cost } = task.at;
    let byAge = 0;
    const gone: Buffer[] = [];
    for (const { key, value } of messages.getRange({ start: messageKey(task.topicId, task.partition, earliest), end: messageKey(task.topicId, task.partition, task.at.next), limit: task.mostMessages })) {
      const old = timeOfRecord(value) < task.keepSince;
      if (!old && bytes <= task.keepBytes) break;
      if (old && bytes <= task.keepBytes) byAge++;
      bytes -= value.length;
      cost -= costOf(value.length);
      earliest = offsetOfKey(key) + 1n;
      gone.push(Buffer.from(key));
      if (task.at.bytes - bytes >= task.mostBytes) break;
    }
    for (const key of gone) messages.removeSync(key);
    const at = { ...task.at, earliest, bytes, cost };
    if (gone.length > 0) meta.putSync(metaKey('at', task.topicId, task.partition), encodePartition(at));
    return { at, messages: gone.length, byAge, more: gone.length === task.mostMessages || task.at.bytes - bytes >= task.mostBytes };
  });

const start = (): void => {
  const port = parentPort;
  if (port === null) throw new Error('writer.ts only runs as a thread');
  const greet = (greeting: WriterGreeting): void => port.postMessage(greeting);
  let environment: Environment;
  try {
    environment = openEnvironment((workerData as { dir: string }).dir);
    const version = Number(environment.meta.get(metaKey('version'))?.toString() ?? LAYOUT_VERSION);
    const holder = version > LAYOUT_VERSION ? undefined : takeOwnership(environment);
    if (holder !== undefined || version > LAYOUT_VERSION) {
      void environment.root.close();
      return greet(holder === undefined ? { ready: false, newer: version } : { ready: false, holder });
    }
    environment.meta.putSync(metaKey('version'), Buffer.from(String(LAYOUT_VERSION)));
  } catch (error) {
    return greet({ ready: false, reason: (error as Error).message });
  }
  port.on('message', (task: WriterTask) => {
    const answer = (what: WriterAnswer): void => port.postMessage(what);
    try {
      if (task.kind === 'put') put(environment, task.puts, task.size);
      else if (task.kind === 'trim') return answer({ ok: true, trimmed: trim(environment, task.trim) });
      else {
        giveUpOwnership(environment);
        void environment.root.close().then(() => {
          answer({ ok: true });
          port.close();
        });
        return undefined;
      }
      return answer({ ok: true });
    } catch (error) {
      return answer({ ok: false, reason: (error as Error).message });
    }
  });
  greet({ ready: true });
};

start();
