// The writer's thread: every change to the log is a transaction here, done one after the other, on disk when answered.
// A thread of its own because a commit waits for the disk, and because LMDB reports a full disk only to synchronous
// transactions in a way that can be caught. It decides nothing: what to write comes from `commits.ts`.
import { parentPort, workerData } from 'node:worker_threads';
import { type Environment, openEnvironment } from './environment.ts';
import { costOf, encodePartition, LAYOUT_VERSION, messageKey, metaKey, offsetOfKey, type PartitionRecord, timeOfRecord } from './layout.ts';

export type WriterTask =
  /** `puts`: for each record its database (0 messages, 1 meta, 2 shared; u8), key size (u16), value size (u32), key, value. An empty record of the latter two is removed. */
  { readonly kind: 'put'; readonly puts: ArrayBuffer; readonly size: number } | { readonly kind: 'trim'; readonly trim: TrimTask } | { readonly kind: 'close' };

/** Removes messages from the beginning of a partition. */
export interface TrimTask {
  readonly topicId: number;
  readonly partition: number;
  readonly at: PartitionRecord;
  /** Nothing from this offset on goes. */
  readonly before: bigint;
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
export type WriterGreeting = { readonly ready: true } | { readonly ready: false; readonly newer?: number; readonly reason?: string };

const put = ({ root, messages, meta, shared }: Environment, puts: ArrayBuffer, size: number): void => {
  const databases = [messages, meta, shared];
  const view = new DataView(puts);
  root.transactionSync(() => {
    for (let at = 0; at < size; ) {
      const database = databases[view.getUint8(at)] as typeof messages;
      const keySize = view.getUint16(at + 1, true);
      const valueSize = view.getUint32(at + 3, true);
      const key = Buffer.from(puts, at + 7, keySize);
      if (database !== messages && valueSize === 0) database.removeSync(key);
      else database.putSync(key, Buffer.from(puts, at + 7 + keySize, valueSize));
      at += 7 + keySize + valueSize;
    }
  });
};

const trim = ({ root, messages, meta }: Environment, task: TrimTask): Trimmed => {
  const trimmed = root.transactionSync((): Trimmed => {
    let { earliest, bytes, cost } = task.at;
    let byAge = 0;
    const gone: Buffer[] = [];
    for (const { key, value } of messages.getRange({
      start: messageKey(task.topicId, task.partition, earliest),
      end: messageKey(task.topicId, task.partition, task.before),
      limit: task.mostMessages,
    })) {
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
  // LMDB uses freed pages only from the next but one transaction on: on a full disk there would never be one.
  if (trimmed.messages > 0 && !trimmed.more) meta.putSync(metaKey('version'), Buffer.from(String(LAYOUT_VERSION)));
  return trimmed;
};

const begin = (dir: string): { readonly environment?: Environment; readonly greeting: WriterGreeting } => {
  try {
    const environment = openEnvironment(dir);
    const newer = Number(environment.meta.get(metaKey('version'))?.toString() ?? LAYOUT_VERSION);
    if (newer > LAYOUT_VERSION) {
      void environment.root.close();
      return { greeting: { ready: false, newer } };
    }
    environment.meta.putSync(metaKey('version'), Buffer.from(String(LAYOUT_VERSION)));
    return { environment, greeting: { ready: true } };
  } catch (error) {
    return { greeting: { ready: false, reason: (error as Error).message } };
  }
};

const perform = async (environment: Environment, task: WriterTask): Promise<WriterAnswer> => {
  try {
    if (task.kind === 'trim') return { ok: true, trimmed: trim(environment, task.trim) };
    if (task.kind === 'put') put(environment, task.puts, task.size);
    else await environment.root.close();
    return { ok: true };
  } catch (error) {
    return { ok: false, reason: (error as Error).message };
  }
};

const { environment, greeting } = begin((workerData as { readonly dir: string }).dir);
if (environment !== undefined) {
  parentPort?.on('message', (task: WriterTask) => {
    void perform(environment, task).then((answer) => parentPort?.postMessage(answer));
  });
}
parentPort?.postMessage(greeting);
