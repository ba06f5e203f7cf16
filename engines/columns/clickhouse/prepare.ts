// What is looked at before a server is used, so that what cannot go well is told at the start and in words: who answers there, its version,
// what its user may, and the database, which is made where it is missing. It asks with no setting of ours, as some users may change none.
import { randomUUID } from 'node:crypto';
import { CodedError, hasCode } from '../../../core/errors.ts';
import { columnsError } from './errors.ts';
import { HttpCaller } from './http.ts';
import type { ClickHouseOptions } from './open.ts';
import { ANSWER, MEANING, ONE_PART, QUERY_LIMITS, type Settings } from './settings.ts';

/** The first version whose text index needs no leave; nothing before it was tried. */
const NEEDED = [26, 2] as const;
const CALL_MS = 30_000;
const DATABASE = /^[A-Za-z_][\w-]*$/;

export interface PreparedServer {
  readonly url: string;
  /** undefined: it did not answer, and another one did. */
  readonly version: string | undefined;
}

export type ServerOptions = Pick<ClickHouseOptions, 'url' | 'tls' | 'username' | 'password' | 'database'> & {
  /** On whose servers a missing database is made. */
  readonly cluster?: string;
};

/**
 * Resolves where one of the servers answers and no one that does stands in the way. Rejects with `columns.unavailable`, `.foreign-answer`,
 * `.certificate`, `.refused-user`, `.missing-right`, `.pinned-setting`, `.no-database` or `.old-server`. @throws RangeError for a name that no database has
 */
export const prepareClickHouse = async (options: ServerOptions): Promise<readonly PreparedServer[]> => {
  const { url, tls, username = 'default', password = '', database = 'default', cluster } = options;
  if (!DATABASE.test(database)) throw new RangeError(`${JSON.stringify(database)} is no name of a database: letters, digits, _ and - only`);
  const urls = typeof url === 'string' ? [url] : url;
  const servers = await Promise.all(
    urls.map(async (each) => {
      const caller = new HttpCaller({ url: each, socketPath: undefined, ...(tls === undefined ? {} : { tls }), username, password, most: 1 });
      try {
        return { url: each, version: await look(caller, { user: username, database, cluster }), error: undefined };
      } catch (error) {
        const told = columnsError(error);
        if (told.code !== 'columns.unavailable') throw told;
        return { url: each, version: undefined, error: told };
      } finally {
        caller.close();
      }
    }),
  );
  if (servers.every(({ version }) => version === undefined)) throw servers[0]?.error as CodedError;
  return servers.map(({ url, version }) => ({ url, version }));
};

interface Wanted {
  readonly user: string;
  readonly database: string;
  readonly cluster: string | undefined;
}

const look = async (caller: HttpCaller, { user, database, cluster }: Wanted): Promise<string> => {
  const ask = async (sql: string, settings: Settings = {}): Promise<string> => {
    const search = new URLSearchParams({ query_id: randomUUID() });
    for (const name in settings) search.append(name, String(settings[name]));
    const { body } = await caller.call({ search: String(search), headers: {}, body: sql, signal: AbortSignal.timeout(CALL_MS) });
    return Buffer.from(body).toString().trim();
  };
  const [version = '', readonly] = (await ask("SELECT version(), getSetting('readonly') FORMAT TabSeparated")).split('\t');
  if (isOlder(version)) throw new CodedError('columns.old-server', { found: version, needed: NEEDED.join('.') });
  if (readonly !== '0') throw new CodedError('columns.missing-right', { reason: `the profile of the user ${user} says readonly = ${readonly}` });
  await ask('SELECT 1', { ...MEANING, ...ANSWER, ...ONE_PART, ...QUERY_LIMITS, log_comment: 'inframirror' });
  if ((await ask(`SELECT count() FROM system.databases WHERE name = '${database}' FORMAT TabSeparated`)) === '0')
    await ask(`CREATE DATABASE IF NOT EXISTS \`${database}\`${cluster === undefined ? '' : ` ON CLUSTER '${cluster}'`}`).catch((error: unknown) => {
      const told: unknown = columnsError(error);
      throw hasCode(told, 'columns.missing-right') ? new CodedError('columns.no-database', { reason: told.parameters.reason }, { cause: error }) : told;
    });
  return version;
};

const isOlder = (version: string): boolean => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1]);
};
