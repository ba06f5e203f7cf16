// The bulk loop: rows go as documents, so many bytes at a time, each with an id that is always the same. That one stands already is success; a
// document that the store refuses for what it holds is told with the reason; where the store is busy or away the rest waits for whoever calls
// again, and goes in smaller parts. A request is never repeated here, and no answer is trusted that does not speak of every document.
import type { Batch } from '../../../core/batch/batch.ts';
import { CodedError } from '../../../core/errors.ts';
import type { LinesToWrite, RefusedLine, SearchWriter } from '../port.ts';
import { type ElasticClient, Refusal, reasonOf } from './client.ts';
import type { DayNames } from './days.ts';
import { type FieldNames, LineDocuments } from './encode.ts';
import { Bytes } from './json-bytes.ts';
import { MOST_FIELDS, makeIndex } from './mapping.ts';

/** Bytes of a request: of the documents in it, at least one. */
const MOST_BYTES = 8 << 20;
const LEAST_BYTES = 64 << 10;
const GROWTH = 1.25;
/** Days whose indices are known; old ones are looked at again. */
const MOST_DAYS = 400;
const TOO_MANY_FIELDS = /Limit of total fields/;

interface Item {
  readonly create?: {
    readonly status: number;
    readonly error?: { readonly type?: string; readonly reason?: string; readonly caused_by?: { readonly type?: string; readonly reason?: string } };
  };
}
interface BulkAnswer {
  readonly errors?: boolean;
  readonly items?: readonly Item[];
}

/** Rows of one request. */
interface Part {
  readonly rows: Int32Array;
  readonly lines: Buffer;
  readonly dayOf: (row: number) => number;
  /** What was known of the days. */
  readonly fields: ReadonlyMap<number, Fields>;
}
/** With the reason where that wants a pause. */
interface Again {
  readonly rows: readonly number[];
  readonly reason?: Error;
}

/** Of the index of a day; of a full one none is added. */
class Fields implements FieldNames {
  readonly #known: Set<string>;
  readonly isFull: boolean;
  constructor(known: Set<string>, isFull: boolean) {
    this.#known = known;
    this.isFull = isFull;
  }
  mayBe(field: string): boolean {
    if (this.#known.has(field)) return true;
    if (this.isFull || this.#known.size >= MOST_FIELDS) return false;
    this.#known.add(field);
    return true;
  }
}

export class BulkWriter implements SearchWriter {
  readonly #client: ElasticClient;
  readonly #names: DayNames;
  readonly #migrate: () => Promise<void>;
  #isMigrated = false;
  readonly #days = new Map<number, Fields>();
  /** Days whose indices take no more names, as those of other processes are there too. */
  readonly #full = new Set<number>();
  /** Of one request; less while the store is busy. */
  #bytes = MOST_BYTES;

  /** `migrate`: called before the first write, until it goes through. */
  constructor(client: ElasticClient, names: DayNames, migrate: () => Promise<void>) {
    this.#migrate = migrate;
    this.#client = client;
    this.#names = names;
  }

  begin(lines: Batch): LinesToWrite {
    const documents = new LineDocuments(lines, this.#names);
    const refused: RefusedLine[] = [];
    /** In their order; from `at` on. */
    let open = Int32Array.from({ length: lines.length }, (_, row) => row);
    let at = 0;
    return {
      refused,
      send: async (signal) => {
        if (!this.#isMigrated) await this.#migrate();
        this.#isMigrated = true;
        while (at < open.length) {
          const part = await this.#part(documents, open, at, signal);
          const { length: count } = part.rows;
          const again = await this.#send(part, refused, signal);
          if (again === undefined) continue;
          at += count;
          if (again.rows.length === 0) continue;
          const rest = new Int32Array(again.rows.length + open.length - at);
          rest.set(again.rows);
          rest.set(open.subarray(at), again.rows.length);
          [open, at] = [rest, 0];
          if (again.reason !== undefined) throw again.reason;
        }
      },
    };
  }

  /** As many rows as one request takes. */
  async #part(documents: LineDocuments, open: Int32Array, at: number, signal: AbortSignal): Promise<Part> {
    const out = new Bytes(Math.min(this.#bytes, 1024 * (open.length - at)) + 4096);
    const used = new Map<number, Fields>();
    let count = 0;
    while (at + count < open.length) {
      const row = open[at + count] as number;
      const day = documents.dayOf(row);
      const fields = this.#days.get(day) ?? (await this.#day(day, signal));
      used.set(day, fields);
      const before = out.length;
      documents.write(row, out, fields);
      if (count > 0 && out.length > this.#bytes) {
        out.length = before;
        break;
      }
      count++;
    }
    return { rows: open.subarray(at, at + count), lines: out.bytes.subarray(0, out.length), dayOf: (row) => documents.dayOf(row), fields: used };
  }

  async #day(day: number, signal: AbortSignal): Promise<Fields> {
    const fields = new Fields(await makeIndex(this.#client, this.#names.name(day), signal), this.#full.has(day));
    if (this.#days.size >= MOST_DAYS) {
      this.#days.clear();
      this.#full.clear();
    }
    this.#days.set(day, fields);
    return fields;
  }

  #shrink(): void {
    this.#bytes = Math.max(LEAST_BYTES, this.#bytes / 2);
  }

  /** The rows that are to be sent again; undefined: all of them, in smaller parts, at once. */
  async #send({ rows, lines, ...part }: Part, refused: RefusedLine[], signal: AbortSignal): Promise<Again | undefined> {
    const query = { filter_path: 'errors,items.*.status,items.*.error.type,items.*.error.reason,items.*.error.caused_by' };
    let answer: BulkAnswer;
    try {
      answer = (await this.#client.ask<BulkAnswer>('POST', '/_bulk', { lines, query, signal })).body;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      // What is sent is wrong or too much, not when: by halves the one is found that is.
      if (error.status !== 413 && error.status !== 400) {
        this.#shrink();
        throw error;
      }
      if (rows.length === 1 && !error.isOwn)
        throw new CodedError('search.unavailable', { reason: `what answers is no Elasticsearch: ${error.message}` }, { cause: error });
      if (rows.length === 1) {
        refused.push({ row: rows[0] as number, reason: error.message });
        return { rows: [] };
      }
      this.#bytes = Math.max(1, Math.min(this.#bytes, lines.length) / 2);
      return undefined;
    }
    const { items } = answer;
    if (items?.length !== rows.length)
      throw new CodedError('search.unavailable', { reason: `an answer of ${items?.length ?? 'no'} documents to ${rows.length}` });
    if (answer.errors !== true) {
      this.#bytes = Math.min(MOST_BYTES, Math.max(LEAST_BYTES, this.#bytes) * GROWTH);
      return { rows: [] };
    }
    return this.#judge({ rows, lines, ...part }, items, refused);
  }

  #judge({ rows, dayOf, fields }: Part, items: readonly Item[], refused: RefusedLine[]): Again {
    const again: number[] = [];
    let reason: Error | undefined;
    for (const [i, row] of rows.entries()) {
      const { status = 0, error } = items[i]?.create ?? {};
      // 409: it stands already.
      if ((status >= 200 && status < 300) || status === 409) continue;
      const text = error === undefined ? String(status) : reasonOf(error);
      const day = dayOf(row);
      if (status === 400 && TOO_MANY_FIELDS.test(text) && fields.get(day)?.isFull === false) {
        this.#full.add(day);
        this.#days.delete(day);
        again.push(row);
        continue;
      }
      if (status === 400) {
        refused.push({ row, reason: text });
        continue;
      }
      again.push(row);
      // It was dropped, and the cluster makes none by itself.
      if (status === 404) this.#days.delete(day);
      const isOfStore = status === 404 || status === 429 || status >= 500 || status === 0;
      const told = `${status}: ${text}`;
      reason ??= isOfStore
        ? new CodedError('search.unavailable', { reason: told })
        : new CodedError(status === 401 || status === 403 ? 'search.credentials' : 'search.rejected', { reason: told });
    }
    if (reason !== undefined) this.#shrink();
    return { rows: again, ...(reason === undefined ? {} : { reason }) };
  }
}
