// ClickHouse as a library, run as a server runs it: many statements at once, each with its own settings and parameters,
// told apart by query id, killed by statement or when its caller goes away. It knows nothing of HTTP.
// A statement has a session to itself while it runs, because statements on one wait for each other; questions take them in turn, all others
// have a fresh one, because settings and parameters stay on a session.
import type { ChdbResult, Session } from 'chdb';
import { quoteName, quoteText } from '../quote.ts';
import { closeConnection, openConnection } from './connection.ts';
import { Sessions } from './sessions.ts';
import { isQuestion, killStatement, singleStatement } from './sql-text.ts';

export interface Statement {
  readonly sql: string;
  readonly queryId: string;
  /** Text as in a URL; checked by the engine. */
  readonly settings: ReadonlyMap<string, string>;
  /** Values of `{name:Type}` in the engine's escaped form. */
  readonly params: ReadonlyMap<string, string>;
  /** Format of the answer where the text names none. */
  readonly format: string;
  /** Where names without one are looked for, if not in the first. */
  readonly database?: string | undefined;
}

export interface Answer {
  readonly body: Uint8Array;
  readonly rowsRead: number;
  readonly bytesRead: number;
  readonly elapsedSeconds: number;
}

/** An error with ClickHouse's own number and text. */
export class StoreError extends Error {
  readonly code: number;
  constructor(code: number, text: string) {
    super(text);
    this.code = code;
  }
}

/** Numbers of https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp that are raised here. */
const SYNTAX_ERROR = 62;
const BAD_ARGUMENTS = 36;
const TOO_MANY_SIMULTANEOUS_QUERIES = 202;
const QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING = 216;
const UNKNOWN_EXCEPTION = 1002;

interface Running {
  readonly queryId: string;
  /** Whether the engine has been seen to know of it: before that, a kill would miss it. */
  known: boolean;
  readonly settled: Promise<void>;
}

const NAME = /^[A-Za-z_]\w*$/;
const NO_TEXT: ReadonlyMap<string, string> = new Map();
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const POLL_MS = 5;
/** Below the engine's default bound on the bytes of a statement. */
const USUAL_QUERY_SIZE = 60_000;
const LARGEST_QUERY = 1 << 28;

export class Engine {
  readonly #path: string;
  readonly #most: number;
  readonly #running = new Map<string, Running>();
  /** Keeps the library's server up while no statement runs. */
  readonly #first: Session;
  readonly #sessions: Sessions;

  /** Throws when the folder is in use. `most`: statements at once; the thread pool must have room for some more. */
  constructor(path: string, configFile: string, most: number) {
    this.#first = openConnection(path, [`--config-file=${configFile}`]);
    this.#path = path;
    this.#most = most;
    this.#sessions = new Sessions(path);
  }

  /** @throws StoreError */
  async run(statement: Statement): Promise<Answer> {
    const sql = singleStatement(statement.sql);
    if (sql === undefined) throw new StoreError(SYNTAX_ERROR, 'Code: 62. DB::Exception: Syntax error (Multi-statements are not allowed). (SYNTAX_ERROR)');
    const kill = killStatement(sql);
    if (kill !== undefined) return this.#kill({ ...statement, sql: kill });
    return this.#tracked(statement.queryId, () => this.#execute({ ...statement, sql }));
  }

  /** Ends a statement whose caller has gone; resolves when it no longer runs. */
  async cancel(queryId: string): Promise<void> {
    const running = this.#running.get(queryId);
    if (running === undefined) return;
    let over = false;
    void running.settled.then(() => {
      over = true;
    });
    while (!over) {
      await this.#control(`KILL QUERY WHERE Settings['log_comment'] = ${quoteText(queryId)} ASYNC`);
      await Promise.race([running.settled, pause(POLL_MS)]);
    }
  }

  get running(): number {
    return this.#running.size;
  }

  /** Ends what runs, then lets go of the folder. */
  async close(): Promise<void> {
    await Promise.all(Array.from(this.#running.keys(), (id) => this.cancel(id)));
    this.#sessions.close();
    closeConnection(this.#first);
  }

  async #tracked(queryId: string, work: () => Promise<Answer>): Promise<Answer> {
    if (this.#running.has(queryId))
      throw new StoreError(
        QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING,
        `Code: 216. DB::Exception: Query with id = ${queryId} is already running. (QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING)`,
      );
    if (this.#running.size >= this.#most)
      throw new StoreError(
        TOO_MANY_SIMULTANEOUS_QUERIES,
        `Code: 202. DB::Exception: Too many simultaneous queries. Maximum: ${this.#most}. (TOO_MANY_SIMULTANEOUS_QUERIES)`,
      );
    const { promise: settled, resolve: settle } = Promise.withResolvers<void>();
    const running: Running = { queryId, known: false, settled };
    this.#running.set(queryId, running);
    try {
      return await work();
    } finally {
      this.#running.delete(queryId);
      settle();
    }
  }

  #execute(statement: Statement): Promise<Answer> {
    return statement.database === undefined && isQuestion(statement.sql) && sizeOf(statement) < USUAL_QUERY_SIZE
      ? this.#ask(statement)
      : this.#executeAlone(statement);
  }

  /** Its settings go with its text, so that its session is as it was; with its parameters it is one call of the library. */
  async #ask({ sql, queryId, settings, params, format }: Statement): Promise<Answer> {
    const text = `${sql}\nSETTINGS ${assignments(['', settings], ['', new Map([['log_comment', queryId]])])}`;
    const set = params.size === 0 ? '' : `SET ${assignments(['param_', params])};\n`;
    const kept = this.#sessions.take(params);
    for (const name of params.keys()) kept.params.add(name);
    try {
      const result = await kept.session.queryAsync(`${set}${text}`, { format });
      const answer = answerOf(result);
      this.#sessions.give(kept);
      return answer;
    } catch (error) {
      closeConnection(kept.session);
      throw storeError(error);
    }
  }

  async #executeAlone({ sql, queryId, settings, params, format, database }: Statement): Promise<Answer> {
    const session = openConnection(this.#path);
    try {
      const set = `SET max_query_size = ${LARGEST_QUERY}, ${assignments(['', settings], ['param_', params], ['', new Map([['log_comment', queryId]])])}`;
      if (set.length > USUAL_QUERY_SIZE) await session.queryAsync(`SET max_query_size = ${set.length * 4}`);
      await session.queryAsync(set);
      if (database !== undefined) await session.queryAsync(`USE ${quoteName(database)}`);
      return answerOf(await session.queryAsync(sql, { format }));
    } catch (error) {
      throw storeError(error);
    } finally {
      // A failed statement stays in the engine's list until its session goes.
      closeConnection(session);
    }
  }

  /** A statement of our own: small, never counted, never killed. */
  async #control(sql: string, params = NO_TEXT): Promise<string> {
    const answer = await this.#execute({ sql, queryId: '', settings: NO_TEXT, params, format: 'TSV' });
    return new TextDecoder().decode(answer.body);
  }

  /**
   * The engine's own SYNC would wait for ever for a statement whose session still stands, so the statement is
   * repeated until it finds nothing. It begins only when everything that came before it is known to the engine.
   */
  async #kill({ sql, params, settings }: Statement): Promise<Answer> {
    for (let earlier = [...this.#running.values()]; earlier.length > 0; ) {
      const known = new Set(await this.#control("SELECT Settings['log_comment'] FROM system.processes FORMAT JSONCompactColumns").then(firstColumn));
      for (const running of earlier) running.known ||= known.has(running.queryId);
      earlier = earlier.filter((running) => !running.known && this.#running.get(running.queryId) === running);
      if (earlier.length > 0) await pause(POLL_MS);
    }
    for (;;) {
      const answer = await this.#execute({ sql: `${sql} ASYNC`, queryId: '', params, settings, format: 'TSV' });
      if (answer.body.length === 0) return answer;
      await pause(POLL_MS);
    }
  }
}

const firstColumn = (text: string): readonly string[] => (JSON.parse(text) as readonly (readonly string[])[])[0] ?? [];

const answerOf = (result: ChdbResult): Answer => ({
  body: result.bytes(),
  rowsRead: result.rowsRead,
  bytesRead: result.bytesRead,
  elapsedSeconds: result.elapsed,
});

const sizeOf = ({ sql, params }: Statement): number => params.values().reduce((sum, value) => sum + value.length, sql.length);

/** `name = 'value'`, by commas. `log_comment` carries the query id, because the library gives every statement an id of its own. */
const assignments = (...parts: readonly (readonly [prefix: string, values: ReadonlyMap<string, string>])[]): string =>
  parts
    .flatMap(([prefix, values]) =>
      Array.from(values, ([name, value]) => {
        if (!NAME.test(name)) throw new StoreError(BAD_ARGUMENTS, `Code: 36. DB::Exception: ${JSON.stringify(name)} is not a name. (BAD_ARGUMENTS)`);
        return `${prefix}${name} = ${quoteText(value)}`;
      }),
    )
    .join(', ');

const storeError = (error: unknown): StoreError => {
  if (error instanceof StoreError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new StoreError(Number(/^Code: (\d+)/.exec(text)?.[1] ?? UNKNOWN_EXCEPTION), text);
};
