// A column store in memory that fails in every way the contract of its port allows, for the tests of the insert protocol. It knows the one
// question that the protocol asks. Its clock is the process's, which the tests move. No part of the product.
import { expect } from 'vitest';
import { type Batch, columnOf, UINT64, valueAt } from '../../core/batch/batch.ts';
import { CodedError } from '../../core/errors.ts';
import type { ColumnStore, InsertOptions } from '../../engines/columns/port.ts';
import { DAY_MS } from '../stages/days.ts';

/**
 * What becomes of an insert. `late`: it fails for the caller and runs on, until it is killed or done. `arrives after the kill`: it fails for
 * the caller while it is on its way, where no kill meets it, and gets there behind everything that is asked meanwhile. `stopped`: the same,
 * of a caller that stands still past the end of its session. `slow`: over a limit of the store. `stands but is rejected`: it fails with a
 * code that says nothing of when, as of the store's own mistakes.
 */
export type Fate = 'good' | 'lost' | 'stands but fails' | 'stands but is rejected' | 'late' | 'arrives after the kill' | 'stopped' | 'slow';
export const FATES: readonly Fate[] = [
  'good',
  'good',
  'lost',
  'stands but fails',
  'stands but is rejected',
  'late',
  'arrives after the kill',
  'stopped',
  'slow',
];

/** Rows of this pid are refused, whatever they come with. */
export const POISON = 13;
const CLIENT_GIVES_UP_MS = 20_000;

interface OnTheWay {
  readonly queryId: string;
  readonly deadline: number | undefined;
  readonly apply: () => void;
}

const unavailable = (): CodedError => new CodedError('columns.unavailable', { reason: 'test' });

export class FaultyStore implements Pick<ColumnStore, 'insert' | 'kill' | 'query' | 'now'> {
  readonly rows: { readonly key: string; readonly day: number; readonly insert: bigint }[] = [];
  /** How many fates of each kind were met. */
  readonly met = new Map<Fate, number>();
  /** When it was asked for an insert, and up to when that might begin. */
  readonly asked: { readonly at: number; readonly deadline: number | undefined }[] = [];
  /** When it refuses all statements for good. */
  refusal: CodedError | undefined;
  readonly #fates: Fate[];
  #running: OnTheWay[] = [];
  #onTheWay: OnTheWay[] = [];

  constructor(fates: readonly Fate[]) {
    this.#fates = [...fates];
  }

  now(): Promise<number> {
    return Promise.resolve(Date.now());
  }

  /** What is under way arrives and ends. */
  settle(): void {
    this.#arrive();
    for (const { apply } of this.#running.splice(0)) apply();
  }

  #arrive(): void {
    for (const { deadline, apply } of this.#onTheWay.splice(0)) if (deadline === undefined || Date.now() < deadline) apply();
  }

  insert(table: string, batch: Batch, { queryId, deadline }: InsertOptions): Promise<void> {
    expect(table).toBe('processes');
    this.asked.push({ at: Date.now(), deadline });
    if (this.refusal !== undefined) return Promise.reject(this.refusal);
    const value = (name: string, row: number) => valueAt(columnOf(batch, name), row);
    const rows = Array.from({ length: batch.length }, (_, row) => ({
      key: `${value('pid', row)}@${value('time', row)}`,
      day: Math.floor(Number(value('time', row)) / DAY_MS),
      insert: value('insert', row) as bigint,
    }));
    // One partition and one number, or the port's contract is broken.
    expect(new Set(rows.map(({ day, insert }) => `${day}/${insert}`)).size).toBe(1);
    // Whatever was on its way comes now: nobody has asked for it since.
    this.#arrive();
    if (deadline !== undefined && Date.now() >= deadline) return Promise.reject(new CodedError('columns.late', {}));
    const fate = this.#fates.shift() ?? 'good';
    this.met.set(fate, (this.met.get(fate) ?? 0) + 1);
    if (fate === 'slow') return Promise.reject(new CodedError('columns.limit', { limit: 'max_execution_time', reason: 'test' }));
    if (rows.some(({ key }) => key.startsWith(`${POISON}@`))) return Promise.reject(new CodedError('columns.refused-rows', { code: 349, reason: 'poison' }));
    const apply = (): void => {
      for (const row of rows) this.rows.push(row);
    };
    if (fate === 'good' || fate === 'stands but fails' || fate === 'stands but is rejected') apply();
    if (fate === 'late') this.#running.push({ queryId, deadline, apply });
    if (fate === 'arrives after the kill' || fate === 'stopped') this.#onTheWay.push({ queryId, deadline, apply });
    if (fate === 'stopped') return new Promise((_, reject) => setTimeout(() => reject(unavailable()), CLIENT_GIVES_UP_MS));
    if (fate === 'stands but is rejected') return Promise.reject(new CodedError('columns.rejected', { code: 49, reason: 'Logical error' }));
    return fate === 'good' ? Promise.resolve() : Promise.reject(unavailable());
  }

  kill(queryIds: readonly string[]): Promise<void> {
    // An insert that runs may still end well before the kill reaches it.
    for (const [i, { queryId, apply }] of this.#running.entries()) if (queryIds.includes(queryId) && i % 2 === 0) apply();
    this.#running = this.#running.filter(({ queryId }) => !queryIds.includes(queryId));
    return Promise.resolve();
  }

  query(_: string, options: Parameters<ColumnStore['query']>[1] = {}): ReturnType<ColumnStore['query']> {
    const { from, to, numbers } = options.params as { from: number; to: number; numbers: readonly bigint[] };
    const found = this.rows.filter(({ day, insert }) => day * DAY_MS >= from && day * DAY_MS < to && numbers.includes(insert)).map(({ insert }) => insert);
    const values = BigUint64Array.from(new Set(found));
    const batch: Batch = {
      length: values.length,
      fields: [{ name: 'insert', type: UINT64 }],
      columns: [{ layout: 'fixed', type: UINT64, length: values.length, validity: undefined, values }],
    };
    return Promise.resolve({ batches: [batch], stats: { rowsRead: 0, bytesRead: 0, elapsedMs: 0 } });
  }
}
