// Saved queries in the record store: each save is a version based on one that the saver saw, nothing is overwritten unseen, and every
// change stands in the audit table. In the app's room because it needs the store's SQL and the language's judgement, which know nothing
// of each other. Who may call it is decided before.

import { CodedError } from '../core/errors.ts';
import type { RecordQueries, RecordRow, Records } from '../engines/records/port.ts';
import type { SaveAnswer, SavedQueries } from '../graphql/service.ts';
import { writeAudit } from '../ingest/agents/audit.ts';
import type { CallerQueries } from '../query/service.ts';
import {
  keptTextProblem,
  MOST_DESCRIPTION,
  MOST_NAME,
  MOST_SAVED_TEXT,
  type SavedGiven,
  type SavedQuery,
  type SavedVersion,
  savedNameProblem,
  savedRangeProblem,
} from '../schemas/saved-query.ts';

export interface SavedLimits {
  readonly queries: number;
  /** Of one query; the oldest go first. */
  readonly versions: number;
  /** Deleted ones that can be brought back; the oldest go first. */
  readonly deleted: number;
}
const LIMITS: SavedLimits = { queries: 1000, versions: 100, deleted: 200 };

const CURRENT = `SELECT q.id, q.name, v.version, v.text, v.description, v.range, v.saved, v.who
  FROM saved_queries q JOIN saved_query_versions v ON v.query = q.id AND v.version = q.version WHERE q.deleted IS NULL`;

const versionOf = (row: RecordRow): SavedVersion => ({
  version: Number(row.version),
  text: String(row.text),
  description: String(row.description),
  range: row.range === null ? undefined : String(row.range),
  savedAt: row.saved as bigint,
  who: String(row.who),
});
const queryOf = (row: RecordRow): SavedQuery => ({ name: String(row.name), ...versionOf(row) });

const mustBeName = (name: string): void => {
  const reason = savedNameProblem(name);
  if (reason !== undefined) throw new CodedError('saved.value', { what: 'name', reason });
};

/** How long other processes' saves may go unseen. */
const TEXTS_MS = 1000;

/** Texts by name, for those that read them as `views.<name>`. */
export class SavedTexts {
  readonly #records: RecordQueries;
  readonly #now: () => number;
  #texts: ReadonlyMap<string, string> = new Map();
  /** Which versions those are; undefined: nothing was read. */
  #known: string | undefined;
  #read = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | undefined;

  constructor(records: RecordQueries, now: () => number = Date.now) {
    this.#records = records;
    this.#now = now;
  }

  /** The same map as long as none has changed. What was read before stands where the store does not answer; rejects where nothing was. */
  async texts(): Promise<ReadonlyMap<string, string>> {
    if (this.#now() - this.#read < TEXTS_MS) return this.#texts;
    this.#running ??= this.#refresh().finally(() => {
      this.#running = undefined;
    });
    await this.#running.catch((error: unknown) => {
      if (this.#known === undefined) throw error;
    });
    return this.#texts;
  }

  /** The next to ask reads anew. */
  changed(): void {
    this.#read = Number.NEGATIVE_INFINITY;
  }

  async #refresh(): Promise<void> {
    const begun = this.#now();
    const versions = await this.#records.query('SELECT id, name, version FROM saved_queries WHERE deleted IS NULL ORDER BY name');
    const known = JSON.stringify(versions.map(({ id, name, version }) => [String(id), name, String(version)]));
    if (known !== this.#known) {
      this.#texts = new Map((await this.#records.query(`${CURRENT} ORDER BY q.name`)).map(queryOf).map(({ name, text }) => [name, text]));
      this.#known = known;
    }
    this.#read = begun;
  }
}

export class SavedQueryStore implements SavedQueries {
  readonly #records: Records;
  readonly #limits: SavedLimits;
  readonly #changed: () => void;

  /** `changed`: called after each change that was made here. */
  constructor(records: Records, limits: SavedLimits = LIMITS, changed: () => void = () => undefined) {
    this.#records = records;
    this.#limits = limits;
    this.#changed = changed;
  }

  async list(): Promise<readonly SavedQuery[]> {
    return (await this.#records.query(`${CURRENT} ORDER BY q.name`)).map(queryOf);
  }

  async read(name: string): Promise<SavedQuery | undefined> {
    const row = await find(this.#records, name);
    return row === undefined ? undefined : queryOf(row);
  }

  async versions(name: string): Promise<readonly SavedVersion[]> {
    const rows = await this.#records.query(
      `SELECT v.* FROM saved_queries q JOIN saved_query_versions v ON v.query = q.id WHERE q.deleted IS NULL AND q.name = $1 ORDER BY v.version DESC`,
      [name],
    );
    return rows.map(versionOf);
  }

  async parameters(queries: CallerQueries, text: string): Promise<readonly string[]> {
    return [...(await queries.check(text)).parameters.keys()];
  }

  /** A wrong text is told and not saved; so is one that is based on another version than stands. */
  async save(who: string, queries: CallerQueries, given: SavedGiven): Promise<SaveAnswer> {
    mustBeName(given.name);
    for (const [what, value, limit] of [
      ['text', given.text, MOST_SAVED_TEXT],
      ['description', given.description, MOST_DESCRIPTION],
    ] as const) {
      const reason = keptTextProblem(value, limit);
      if (reason !== undefined) throw new CodedError('saved.value', { what, reason });
    }
    const wrongRange = given.range === undefined ? undefined : savedRangeProblem(given.range);
    if (wrongRange !== undefined) throw new CodedError('saved.value', { what: 'range', reason: wrongRange });
    const { diagnostics } = await queries.check(given.text);
    if (diagnostics.some(({ severity }) => severity === 'error')) return { saved: undefined, stands: undefined, diagnostics };
    const time = now();
    return this.#change(async (q) => {
      const row = await find(q, given.name);
      const stands = row === undefined ? undefined : queryOf(row);
      if (stands !== undefined && isSame(stands, given)) return { saved: stands, stands: undefined, diagnostics };
      if (stands === undefined && given.base !== undefined) throw unknown(given.name);
      if (stands !== undefined && stands.version !== given.base) return { saved: undefined, stands, diagnostics };
      const version = (stands?.version ?? 0) + 1;
      const id = row?.id ?? (await this.#insert(q, given.name));
      await q.query('INSERT INTO saved_query_versions (query, version, text, description, range, saved, who) VALUES ($1, $2, $3, $4, $5, $6, $7)', [
        id as bigint,
        version,
        given.text,
        given.description,
        given.range ?? null,
        time,
        who,
      ]);
      await q.query('UPDATE saved_queries SET version = $2 WHERE id = $1', [id as bigint, version]);
      await q.query('DELETE FROM saved_query_versions WHERE query = $1 AND version <= $2', [id as bigint, version - this.#limits.versions]);
      await note(q, time, who, 'saved-query.save', { name: given.name, version });
      const { name, text, description, range } = given;
      return { saved: { name, text, description, range, version, savedAt: time, who }, stands: undefined, diagnostics };
    });
  }

  async rename(who: string, name: string, to: string): Promise<SavedQuery> {
    mustBeName(to);
    return this.#change(async (q) => {
      const row = await must(q, name);
      if (name === to) return queryOf(row);
      if ((await find(q, to)) !== undefined) throw new CodedError('saved.taken', { name: to });
      await q.query('UPDATE saved_queries SET name = $2 WHERE id = $1', [row.id as bigint, to]);
      await note(q, now(), who, 'saved-query.rename', { name, to });
      return { ...queryOf(row), name: to };
    });
  }

  async delete(who: string, name: string): Promise<SavedQuery> {
    return this.#change(async (q) => {
      const row = await must(q, name);
      const time = now();
      await q.query('UPDATE saved_queries SET deleted = $2 WHERE id = $1', [row.id as bigint, time]);
      await q.query('DELETE FROM saved_queries WHERE id IN (SELECT id FROM saved_queries WHERE deleted IS NOT NULL ORDER BY deleted DESC, id DESC OFFSET $1)', [
        this.#limits.deleted,
      ]);
      await note(q, time, who, 'saved-query.delete', { name, version: Number(row.version) });
      return queryOf(row);
    });
  }

  /** The one of that name that was deleted last, with its versions. */
  async undelete(who: string, name: string): Promise<SavedQuery> {
    return this.#change(async (q) => {
      if ((await find(q, name)) !== undefined) throw new CodedError('saved.taken', { name });
      const newest = 'SELECT id FROM saved_queries WHERE name = $1 AND deleted IS NOT NULL ORDER BY deleted DESC, id DESC LIMIT 1';
      const [gone] = savedNameProblem(name) === undefined ? await q.query(newest, [name]) : [];
      if (gone === undefined) throw unknown(name);
      await this.#mustHaveRoom(q);
      await q.query('UPDATE saved_queries SET deleted = NULL WHERE id = $1', [gone.id as bigint]);
      await note(q, now(), who, 'saved-query.undelete', { name });
      return queryOf(await must(q, name));
    });
  }

  async #change<T>(work: (q: RecordQueries) => Promise<T>): Promise<T> {
    const made = await this.#records.transaction(work);
    this.#changed();
    return made;
  }

  async #insert(q: RecordQueries, name: string): Promise<bigint> {
    await this.#mustHaveRoom(q);
    const [made] = await q.query('INSERT INTO saved_queries (name, version) VALUES ($1, 0) RETURNING id', [name]);
    return made?.id as bigint;
  }

  async #mustHaveRoom(q: RecordQueries): Promise<void> {
    const [row] = await q.query('SELECT count(*) AS n FROM saved_queries WHERE deleted IS NULL');
    if (Number(row?.n) >= this.#limits.queries) throw new CodedError('saved.too-many', { limit: this.#limits.queries });
  }
}

const now = (): bigint => BigInt(Date.now()) * 1_000_000n;

const isSame = (a: SavedVersion, b: SavedGiven): boolean => a.text === b.text && a.description === b.description && a.range === b.range;

const unknown = (name: string): CodedError => new CodedError('saved.unknown', { name: JSON.stringify(name.slice(0, MOST_NAME)) });

/** A name that is none is in no table. */
const find = async (q: RecordQueries, name: string): Promise<RecordRow | undefined> =>
  savedNameProblem(name) === undefined ? (await q.query(`${CURRENT} AND q.name = $1`, [name]))[0] : undefined;

const must = async (q: RecordQueries, name: string): Promise<RecordRow> => {
  const row = await find(q, name);
  if (row === undefined) throw unknown(name);
  return row;
};

const note = async (q: RecordQueries, time: bigint, who: string, what: string, detail: Readonly<Record<string, string | number>>): Promise<void> => {
  await writeAudit(q, { time, who, what, detail });
};
