// Rows of one table and one UTC day with the messages they came from, and which of them a planned insert has.
// Pure: the same messages always give the same; what the record says of them is never trusted further than that.
import { type Batch, type FixedColumn, UINT64 } from '../core/batch/batch.ts';
import { concatBatches } from '../core/batch/concat.ts';
import { sliceBatch } from '../core/batch/take.ts';
import type { PendingInsert, Range } from './progress.ts';

/** `rows` rows of the message at `offset`. */
export interface MessageRows {
  readonly offset: bigint;
  readonly rows: number;
}

export interface Block {
  readonly table: string;
  readonly day: number;
  readonly length: number;
  /** Where the rows came from, one message after the other, by rising offset. */
  readonly origin: readonly MessageRows[];
  /** Rows as they go into the table, in any order, with the number of their insert as its last column. Good until it is called again. */
  readonly rows: (ranges: readonly Range<number>[], insert: bigint) => Batch;
}

/** The messages and rows of an insert that is to be planned. */
export type Share = Pick<PendingInsert, 'table' | 'day' | 'messages' | 'rows'>;

/** Whether offsets are in the ranges; both rise, so each range is looked at once. */
const isAmong = (messages: readonly Range<bigint>[]): ((offset: bigint) => boolean) => {
  let at = 0;
  return (offset) => {
    while (at < messages.length && (messages[at] as Range<bigint>).to <= offset) at++;
    const range = messages[at];
    return range !== undefined && offset >= range.from;
  };
};

/** Runs of offsets; where one is missing a run ends, so that nothing is counted in that another version may find there. */
const runsOf = (origin: readonly MessageRows[]): readonly Range<bigint>[] => {
  const runs: { from: bigint; to: bigint }[] = [];
  for (const { offset } of origin) {
    const last = runs.at(-1);
    if (last?.to === offset) last.to = offset + 1n;
    else runs.push({ from: offset, to: offset + 1n });
  }
  return runs;
};

/** Rows of the block that an insert has, as ranges; none where the stream has not kept its messages. */
export const rowsOf = (block: Block, { messages, rows }: Pick<PendingInsert, 'messages' | 'rows'>): readonly Range<number>[] => {
  const found: { from: number; to: number }[] = [];
  // `at`: in the block; `seen`: of those rows that are the insert's messages'.
  let [at, seen] = [0, 0];
  const isOwn = isAmong(messages);
  for (const part of block.origin) {
    if (isOwn(part.offset)) {
      const from = at + Math.max(0, (rows?.from ?? 0) - seen);
      const to = at + Math.min(part.rows, (rows?.to ?? Number.POSITIVE_INFINITY) - seen);
      seen += part.rows;
      const last = found.at(-1);
      if (from < to && last?.to === from) last.to = to;
      else if (from < to) found.push({ from, to });
    }
    at += part.rows;
  }
  return found;
};

/** Of a batch of all rows without that number. */
export const takeRows = (batch: Batch, ranges: readonly Range<number>[], insert: bigint): Batch => {
  const rows = concatBatches(ranges.map(({ from, to }) => sliceBatch(batch, from, to)));
  const values = new BigUint64Array(rows.length).fill(insert);
  const column: FixedColumn = { layout: 'fixed', type: UINT64, length: rows.length, validity: undefined, values };
  return { length: rows.length, fields: [...rows.fields, { name: 'insert', type: column.type }], columns: [...rows.columns, column] };
};

export const wholeOf = ({ table, day, origin }: Block): Share => ({ table, day, messages: runsOf(origin), rows: undefined });

/** What no planned insert has: another version may have taken fewer messages, or fewer rows of one. */
export const uncoveredOf = (block: Block, planned: readonly PendingInsert[]): readonly Share[] => {
  const own = planned.filter(({ table, day }) => table === block.table && day === block.day);
  if (own.length === 0) return block.origin.length === 0 ? [] : [wholeOf(block)];
  const covered = new Uint8Array(block.length);
  for (const insert of own) for (const { from, to } of rowsOf(block, insert)) covered.fill(1, from, to);
  const whole: MessageRows[] = [];
  const parts: Share[] = [];
  let at = 0;
  for (const message of block.origin) {
    const missing = runsOfZeros(covered.subarray(at, at + message.rows));
    at += message.rows;
    const [only] = missing;
    if (only?.from === 0 && only.to === message.rows) whole.push(message);
    else for (const rows of missing) parts.push({ ...wholeOf({ ...block, origin: [message] }), rows });
  }
  return whole.length === 0 ? parts : [wholeOf({ ...block, origin: whole }), ...parts];
};

const runsOfZeros = (marks: Uint8Array): readonly Range<number>[] => {
  const runs: Range<number>[] = [];
  for (let at = marks.indexOf(0); at >= 0; ) {
    const end = marks.indexOf(1, at);
    runs.push({ from: at, to: end < 0 ? marks.length : end });
    at = end < 0 ? -1 : marks.indexOf(0, end);
  }
  return runs;
};

/** Two inserts in place of one: between two messages where it has several, else between two rows. Undefined: it has one row. */
export const halvesOf = (block: Block, { table, day, messages, rows }: PendingInsert): readonly [Share, Share] | undefined => {
  const isOwn = isAmong(messages);
  const own = block.origin.filter(({ offset }) => isOwn(offset));
  const all = own.reduce((sum, part) => sum + part.rows, 0);
  if (own.length > 1 && rows === undefined) {
    let [count, before] = [0, 0];
    // At least one message on either side.
    do before += (own[count++] as MessageRows).rows;
    while (count < own.length - 1 && before + (own[count] as MessageRows).rows / 2 <= all / 2);
    return [wholeOf({ ...block, origin: own.slice(0, count) }), wholeOf({ ...block, origin: own.slice(count) })];
  }
  const [from, to] = [rows?.from ?? 0, Math.min(rows?.to ?? all, all)];
  if (to - from < 2) return undefined;
  const middle = from + ((to - from) >> 1);
  // Of a message whose neighbours the stream has not kept the rows are counted in that message alone.
  const of = rows === undefined ? runsOf(own) : messages;
  return [
    { table, day, messages: of, rows: { from, to: middle } },
    { table, day, messages: of, rows: { from: middle, to } },
  ];
};

/** The messages of rows of the block that are asked for as they rise. */
export const messagesAt = ({ origin }: Pick<Block, 'origin'>): ((row: number) => bigint) => {
  let [at, before] = [0, 0];
  return (row) => {
    for (; at < origin.length; at++) {
      const { offset, rows } = origin[at] as MessageRows;
      if (row < before + rows) return offset;
      before += rows;
    }
    throw new RangeError(`row ${row} of a block of ${before}`);
  };
};
