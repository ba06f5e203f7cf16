// GraphQL over HTTP for the commands that ask a running server.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CodedError, ERRORS, type ErrorCode } from '../../core/errors.ts';
import type { Arguments, Options } from './arguments.ts';
import { dataFolderOf } from './data-folder.ts';

export const SERVER_OPTIONS: Options = {
  server: {
    type: 'string',
    value: 'URL',
    summary: 'the server’s address (INFRAMIRROR_SERVER; default: the one of the data folder, else http://127.0.0.1:8080)',
  },
  'token-file': { type: 'string', value: 'F', summary: 'file with the token (default DATA/token)' },
  data: {
    type: 'string',
    value: 'DIR',
    summary: 'data folder of a server on this machine (INFRAMIRROR_DATA; default that of the file INFRAMIRROR_CONFIG, else ./data)',
  },
};

export interface ServerAddress {
  readonly url: string;
  readonly token: string;
  readonly tokenFile: string;
  /** Why it is asked there, where nobody said so; empty: somebody did. */
  readonly guess: string;
}

/** Throws `command.token` and `command.usage`. */
export const serverOf = (args: Arguments): ServerAddress => {
  const data = dataFolderOf(args);
  const noted = join(data, 'address');
  const given = args.values.get('server') ?? process.env.INFRAMIRROR_SERVER ?? (existsSync(noted) ? readFileSync(noted, 'utf8').trim() : undefined);
  const url = given ?? 'http://127.0.0.1:8080';
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new CodedError('command.usage', { problem: `${JSON.stringify(url)} is no address; write http://HOST:PORT` });
  const file = args.values.get('token-file') ?? join(data, 'token');
  try {
    return {
      url: url.replace(/\/+$/, ''),
      token: readFileSync(file, 'utf8').trim(),
      tokenFile: file,
      guess: given === undefined ? `, and no server runs from ${data}` : '',
    };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new CodedError('command.token', { file, reason: code === 'ENOENT' ? 'there is no such file' : (error as Error).message }, { cause: error });
  }
};

interface GraphqlAnswer<T> {
  readonly data?: T | null;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: unknown; readonly parameters?: unknown } }[];
}

/** Of these the command says the mend itself. */
const TOLD = /^(agent|join|stream|pipeline|backup|dead)\./;

const codedOf = (code: unknown, parameters: unknown): CodedError | undefined =>
  typeof code === 'string' && TOLD.test(code) && Object.hasOwn(ERRORS, code)
    ? new CodedError(code as ErrorCode, (parameters ?? {}) as CodedError['parameters'])
    : undefined;

/** Of a server whose parts are not there yet. */
const STARTING = 'starting\n';
/** What OpenSSL and Node call a certificate that they do not trust. */
const CERTIFICATE = /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(GET|VERIFY)_\w+|CERT_\w+|ERR_TLS_CERT_ALTNAME_INVALID)$/;
/** Without Node's own advice, which is about how to start Node. */
const bare = (message = ''): string => message.split('; if the root CA', 1)[0] ?? '';

/**
 * The answer's data; throws `command.server` where nothing answers, `command.certificate`, `command.foreign` where something else does,
 * `command.token-refused`, `agent.…`, `join.…`, `stream.…`, `pipeline.…`, `backup.…` and `dead.…` as the server tells them, `command.answer` for another error it tells.
 */
export const askServer = async <T>(server: ServerAddress, query: string, variables: Readonly<Record<string, unknown>>, signal?: AbortSignal): Promise<T> => {
  const failed = (reason: string, cause?: unknown): CodedError =>
    new CodedError('command.server', { server: server.url, reason: `${reason}${server.guess}` }, { cause });
  let response: Response;
  try {
    response = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${server.token}` },
      body: JSON.stringify({ query, variables }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    const cause = (error as Error).cause as NodeJS.ErrnoException | undefined;
    if (CERTIFICATE.test(cause?.code ?? ''))
      throw new CodedError('command.certificate', { server: server.url, reason: bare(cause?.message) }, { cause: error });
    throw failed(cause?.code === 'ECONNREFUSED' ? 'nothing listens there' : (cause?.message ?? (error as Error).message), error);
  }
  if (response.status === 401 || response.status === 403) throw new CodedError('command.token-refused', { server: server.url, file: server.tokenFile });
  const text = await response.text();
  if (response.status === 503 && text === STARTING) throw failed('it is starting');
  let answer: GraphqlAnswer<T>;
  try {
    answer = JSON.parse(text) as GraphqlAnswer<T>;
  } catch (error) {
    throw new CodedError('command.foreign', { server: server.url, status: response.status }, { cause: error });
  }
  const [first] = answer.errors ?? [];
  const coded = codedOf(first?.extensions?.code, first?.extensions?.parameters);
  if (coded !== undefined) throw coded;
  if (first !== undefined || answer.data === undefined || answer.data === null)
    throw new CodedError('command.answer', { server: server.url, reason: first?.message ?? `status ${response.status} without data` });
  return answer.data;
};
