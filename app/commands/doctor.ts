// `inframirror doctor`: looks at the usual causes of trouble, one line each, with the mend; where a server runs from the data folder,
// it is asked for its parts. Changes nothing.

import { once } from 'node:events';
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ERRORS, hasCode } from '../../core/errors.ts';
import { plain } from '../../core/plain.ts';
import { sizeText } from '../../core/size-text.ts';
import type { Drop, PartStatus } from '../../graphql/service.ts';
import { backupPart } from '../backup/backup-part.ts';
import { readNotes } from '../backup/notes.ts';
import { Configuration } from '../config/configuration.ts';
import { ConfigError } from '../config/problem.ts';
import type { Settings } from '../config/settings.ts';
import { RESTORING } from '../data-folder.ts';
import { fullestBelow } from '../disk.ts';
import { DISK, diskPart } from '../disk-part.ts';
import { STORES } from '../installation/installation.ts';
import { readStoreNotes, STORE_NAMES, type StoreName } from '../installation/notes.ts';
import { readRefusedStart } from '../refused-start.ts';
import { type Arguments, command, type Options } from './arguments.ts';
import { askServer } from './ask-server.ts';
import { configFile } from './config.ts';
import { dataFolderOf } from './data-folder.ts';
import { askServers } from './doctor-servers.ts';
import type { Finding } from './finding.ts';
import { wantsColour } from './show-diagnostics.ts';
import { parseListen } from './start.ts';

const OPTIONS: Options = {
  config: { type: 'string', value: 'FILE', summary: 'file of settings (INFRAMIRROR_CONFIG), whose servers are asked too' },
  data: { type: 'string', value: 'DIR', summary: 'data folder (INFRAMIRROR_DATA; default that of the file INFRAMIRROR_CONFIG, else ./data)' },
  listen: { type: 'string', value: 'HOST:PORT', summary: 'address it shall answer on (INFRAMIRROR_LISTEN; default 127.0.0.1:8080)' },
};

const findingOf = ({ name, state, detail }: PartStatus): Finding => ({ what: name, ok: state === 'ok', detail });

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const existing = (path: string): string => (existsSync(path) ? path : existing(dirname(path)));

const node = (): Finding => {
  const major = Number(process.versions.node.split('.')[0]);
  return {
    what: 'Node',
    ok: major >= 24,
    detail: major >= 24 ? `${process.versions.node} from the packages` : `${process.versions.node} is too old: run \`npm start\` once`,
  };
};

const platform = (): Finding => {
  const ok = (process.platform === 'linux' || process.platform === 'darwin') && (process.arch === 'x64' || process.arch === 'arm64');
  return { what: 'platform', ok, detail: `${process.platform} ${process.arch}${ok ? '' : ': the embedded column store is not built for it'}` };
};

const explorer = (): Finding => {
  const ok = existsSync(join(ROOT, 'ui/dist/index.html'));
  return { what: 'explorer', ok, detail: ok ? 'built' : 'not built: run `npm start` once' };
};

const folder = (path: string): Finding => {
  const at = existing(path);
  if (existsSync(join(path, RESTORING)))
    return {
      what: 'data folder',
      ok: false,
      detail: `${path}: a restore into it has not ended, and no server starts there. ${ERRORS['restore.unfinished'].mend}`,
    };
  try {
    accessSync(at, constants.W_OK);
  } catch {
    return { what: 'data folder', ok: false, detail: `${at} cannot be written: choose another with --data` };
  }
  const open = existsSync(join(path, 'token')) && (statSync(join(path, 'token')).mode & 0o077) !== 0;
  if (open) return { what: 'data folder', ok: false, detail: `${join(path, 'token')} can be read by others: chmod 600` };
  if (existsSync(join(path, 'instance'))) return { what: 'data folder', ok: true, detail: path };
  const is = existsSync(path) ? `no server has begun in ${path}` : `there is no data folder ${path}`;
  return {
    what: 'data folder',
    ok: true,
    isWarning: true,
    detail: `${is}: all right before a first start, which makes it; else name the right one with --data`,
  };
};

/** Where no server says it, who knows its settings: by the default of `disk.min_free`. */
const disk = (path: string): Finding => {
  const at = existing(path);
  const { folder: fullest, ...room } = fullestBelow(at);
  const { detail, ...finding } = findingOf(diskPart(room, 'auto', false));
  return { ...finding, detail: statSync(fullest).dev === statSync(at).dev ? detail : `${fullest}: ${detail}` };
};

/** Why the last start was refused, where it was for a store; else which of them is gone. Where no server runs that says it. */
const stores = (path: string): readonly Finding[] => {
  let notes: ReturnType<typeof readStoreNotes>;
  try {
    notes = readStoreNotes(path);
  } catch (error) {
    if (!hasCode(error, 'store.notes')) throw error;
    return [{ what: 'stores', ok: false, detail: `${error.message}. ${ERRORS['store.notes'].mend}` }];
  }
  if (notes === undefined) return [];
  const { refused, accepted } = notes;
  const pending = accepted.map(({ store, who, at }): Finding => {
    const detail = `that ${STORES[store].name} is lost was accepted by ${who} at ${at}: the next start begins it anew, or goes on with its older copy`;
    return { what: 'stores', ok: true, isWarning: true, detail };
  });
  if (refused !== undefined)
    return [{ what: 'stores', ok: false, detail: `the start at ${refused.at} was refused: ${refused.message}. ${refused.mend}` }, ...pending];
  const isAccepted = (mark: string): boolean => accepted.some(({ store }) => join(path, STORES[store].mark) === mark);
  return [
    ...pending,
    ...missing(path, notes.elsewhere ?? [])
      .filter((mark) => !isAccepted(mark))
      .map((mark) => ({ what: 'stores', ok: false, detail: `${mark} is missing: the next start will be refused; is its disk mounted?` })),
  ];
};

/** Marks of stores that are not there. */
const missing = (path: string, elsewhere: readonly StoreName[]): readonly string[] =>
  STORE_NAMES.filter((name) => !elsewhere.includes(name))
    .map((name) => join(path, STORES[name].mark))
    .filter((mark) => !existsSync(mark));

/** Why the last start came to nothing, where the stores do not say it. */
const lastStart = (path: string, told: readonly Finding[]): readonly Finding[] => {
  const refused = readRefusedStart(path);
  if (refused === undefined || told.some(({ detail }) => detail.includes(refused.message))) return [];
  return [{ what: 'last start', ok: false, detail: `the one at ${refused.at} was refused: ${refused.message}. ${refused.mend}` }];
};

/** Where no server runs that says it. */
const backups = (path: string): readonly Finding[] => {
  const notes = readNotes(path);
  if (notes.last === undefined && notes.failed === undefined) return [];
  return [findingOf(backupPart(notes, undefined, Date.now()))];
};

const address = async (text: string): Promise<Finding> => {
  const { host, port } = parseListen(text);
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
    return { what: 'address', ok: true, detail: `${host}:${port} is free` };
  } catch (error) {
    if (await answers(`http://${host}:${port}`)) return { what: 'address', ok: true, detail: `InfraMirror answers at ${host}:${port}` };
    return { what: 'address', ok: false, detail: `${host}:${port}: ${(error as Error).message}; choose another with --listen` };
  } finally {
    server.close();
  }
};

const answers = (url: string): Promise<boolean> =>
  fetch(`${url}/-/healthy`, { signal: AbortSignal.timeout(5000) }).then(
    async (response) => (await response.text()) === 'healthy\n',
    () => false,
  );

/** What each store takes, as far as it was measured. */
const sizes = (stores: Status['status']['stores']): readonly Finding[] => {
  const measured = stores.flatMap(({ name, bytes }) => (bytes === null ? [] : [`${name} ${sizeText(bytes)}`]));
  return measured.length === 0 ? [] : [{ what: 'sizes', ok: true, detail: measured.join(', ') }];
};

/** Reasons named; the others are said by their number. */
const MOST_REASONS = 5;

/** What did not reach a store since the server's start, the largest first. */
const dropped = (drops: Status['status']['drops']): readonly Finding[] => {
  const lost = drops.filter(({ missing }) => missing);
  if (lost.length === 0) return [];
  const named = lost.slice(0, MOST_REASONS).map(({ stage, reason, unit, count }) => `${count} ${unit} at ${stage} (${reason})`);
  const more = lost.length > MOST_REASONS ? `, and for ${lost.length - MOST_REASONS} more reasons` : '';
  const detail = `since its start did not reach a store: ${named.join(', ')}${more}. docs/ingest.md says what each reason means, \`inframirror dead list\` what was put aside`;
  return [{ what: 'dropped', ok: true, isWarning: true, detail }];
};

interface Status {
  readonly status: {
    readonly version: string;
    readonly stores: readonly { readonly name: string; readonly bytes: number | null }[];
    readonly drops: readonly Pick<Drop, 'stage' | 'reason' | 'unit' | 'count' | 'missing'>[];
    readonly parts: readonly PartStatus[];
    readonly problems: readonly { readonly part: string; readonly message: string; readonly mend: string }[];
  };
}

/** The server that runs from this folder, as it says itself; undefined where none does. */
const running = async (data: string): Promise<readonly Finding[] | undefined> => {
  const noted = join(data, 'address');
  if (!existsSync(noted)) return undefined;
  const url = readFileSync(noted, 'utf8').trim().replace(/\/$/, '');
  if (!(await answers(url)))
    return [
      { what: 'server', ok: false, detail: `it was at ${url} and does not answer: it is starting, hanging, or was killed; \`npm start\` starts it again` },
    ];
  try {
    const tokenFile = join(data, 'token');
    const server = { url, token: readFileSync(tokenFile, 'utf8').trim(), tokenFile, guess: '' };
    const { status } = await askServer<Status>(
      server,
      '{ status { version parts { name state detail } problems { part message mend } drops { stage reason unit count missing } stores { name bytes } } }',
      {},
      AbortSignal.timeout(15_000),
    );
    const problems = status.problems.map(({ part, message, mend }) => ({ what: part, ok: false, detail: `${message}. ${mend}` }));
    return [
      { what: 'server', ok: true, detail: `${status.version} answers at ${url}` },
      ...problems,
      ...status.parts.map(findingOf),
      ...sizes(status.stores),
      ...dropped(status.drops),
    ];
  } catch (error) {
    return [{ what: 'server', ok: false, detail: (error as Error).message }];
  }
};

/** undefined: no file is named. */
const settingsOf = (file: string | undefined): Settings | ConfigError | undefined => {
  if (file === undefined) return undefined;
  try {
    return new Configuration({ options: new Map(), environment: process.env, file }).settings;
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
};

const noServer = (data: string): Finding => ({
  what: 'server',
  ok: false,
  detail: `none answers from ${data}: \`inframirror start --data ${data}\`, or its service, starts it; where it is another folder, name that with --data`,
});

export const doctor = (args: readonly string[]): Promise<number> =>
  command(
    args,
    'doctor [OPTIONS]',
    'Looks at the usual causes of trouble, and asks the running server how its parts are.',
    OPTIONS,
    0,
    async (read: Arguments) => {
      const settings = settingsOf(configFile(read.values.get('config')));
      const data = resolve(read.values.get('data') ?? (settings instanceof ConfigError ? undefined : settings?.data) ?? dataFolderOf(read));
      const listen = read.values.get('listen') ?? process.env.INFRAMIRROR_LISTEN;
      const server = await running(data);
      // A free address means nothing where the server of this folder has its own.
      const there = server !== undefined && listen === undefined ? [] : [await address(listen || '127.0.0.1:8080')];
      const findings = [node(), platform(), explorer(), folder(data), ...there, ...(server ?? [])];
      if (settings instanceof ConfigError) findings.push({ what: 'settings', ok: false, detail: `${settings.message}. ${ERRORS['config.wrong'].mend}` });
      else if (settings !== undefined) findings.push(...(await askServers(settings)));
      if (!findings.some(({ what }) => what === DISK)) findings.push(disk(data));
      if (server === undefined) findings.push(noServer(data));
      if (server === undefined || !server.some(({ what, ok }) => what === 'server' && ok)) {
        const told = stores(data);
        findings.push(...lastStart(data, told), ...told, ...backups(data));
      }
      const colour = wantsColour(process.stdout);
      const width = Math.max(...findings.map(({ what }) => what.length));
      for (const { what, ok, isWarning = false, detail } of findings) {
        const mark = ok ? (isWarning ? 'warn' : 'ok  ') : 'FAIL';
        process.stdout.write(`${colour ? `\u001b[${ok ? (isWarning ? 33 : 32) : 31}m${mark}\u001b[0m` : mark} ${plain(what).padEnd(width)} ${plain(detail)}\n`);
      }
      return findings.every((f) => f.ok) ? 0 : 1;
    },
  );
