// GraphQL over HTTP: Yoga with our schema. Who may ask is decided before a request comes here. The body is read here, within a limit and
// as UTF-8 or not at all, and nothing of the request but its body and two headers reaches Yoga.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ASTVisitor, GraphQLError, getOperationAST, parse, type ValidationContext } from 'graphql';
import { createYoga, type Plugin } from 'graphql-yoga';
import { CodedError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Caller } from '../query/caller.ts';
import { schema } from './schema.ts';
import type { Context, Platform, Services } from './service.ts';
import { graphqlError } from './told.ts';

export interface GraphqlCaller extends Pick<Context, 'who' | 'mayChange'> {
  readonly caller: Caller;
}

/** `headers`: of every answer, as the address they are given at wants them. */
export type GraphqlHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
  caller: GraphqlCaller,
) => Promise<void>;

/** Of a request's body. The longest text of IQL fits many times over, however it is escaped. */
const MOST_BYTES = 8 << 20;
/** Of a GraphQL document: the explorer's longest has some two hundred. */
const MOST_TOKENS = 5000;

/** Brackets within brackets; the parser goes down with each. */
const MOST_DEPTH = 200;

/** Counts brackets of texts too: none has as many. */
const isDeep = (document: string): boolean => {
  let depth = 0;
  for (let i = 0; i < document.length; i++) {
    const sign = document[i];
    if (sign === '{' || sign === '[' || sign === '(') depth++;
    else if (sign === '}' || sign === ']' || sign === ')') depth--;
    if (depth > MOST_DEPTH) return true;
  }
  return false;
};

/** Questions and changes in one document: each may have an answer of many megabytes. */
const MOST_QUESTIONS = 32;

const fewQuestions = (context: ValidationContext): ASTVisitor => {
  const roots = [context.getSchema().getQueryType(), context.getSchema().getMutationType()];
  let count = 0;
  return {
    Field: (node) => {
      if (!roots.some((root) => root && root === context.getParentType())) return;
      count++;
      if (count === MOST_QUESTIONS + 1) context.reportError(new GraphQLError(`a document asks at most ${MOST_QUESTIONS} questions`, { nodes: node }));
    },
  };
};

const boundedDocuments: Plugin = {
  onParse: ({ setParseFn }) =>
    setParseFn((source, options) => {
      if (isDeep(typeof source === 'string' ? source : source.body)) throw new GraphQLError(`a document has at most ${MOST_DEPTH} brackets within one another`);
      return parse(source, { ...options, maxTokens: MOST_TOKENS });
    }),
  onValidate: ({ addValidationRule }) => addValidationRule(fewQuestions),
};

/** Before anything of it is done. */
const changesByWhoMay: Plugin<Context> = {
  onExecute: ({ args: { contextValue, document, operationName }, setResultAndStopExecution }) => {
    if (contextValue.mayChange || getOperationAST(document, operationName)?.operation !== 'mutation') return;
    setResultAndStopExecution({ errors: [graphqlError(new CodedError('access.look-only', {}))] });
  },
};

class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export const graphqlServer = (services: Services, log: Logger): GraphqlHandler => {
  const yoga = createYoga<Context>({
    schema,
    graphqlEndpoint: '/graphql',
    landingPage: false,
    graphiql: false,
    batching: false,
    cors: false,
    maskedErrors: true,
    plugins: [boundedDocuments, changesByWhoMay],
    logging: {
      debug: () => undefined,
      info: () => undefined,
      warn: (...parts: unknown[]) => log.warn(parts.map(String).join(' ')),
      error: (...parts: unknown[]) => log.error(parts.map((part) => (part instanceof Error ? (part.stack ?? part.message) : String(part))).join(' ')),
    },
  });
  return async (request, response, headers, asker) => {
    const gone = new AbortController();
    response.once('close', () => {
      if (!response.writableFinished) gone.abort();
    });
    try {
      const body = await readText(request);
      const answer = await yoga.fetch(
        'http://localhost/graphql',
        {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            accept: request.headers.accept?.includes('graphql-response') ? 'application/graphql-response+json' : 'application/json',
          },
          body,
          signal: gone.signal,
        },
        contextOf(services, asker, gone.signal),
      );
      const bytes = Buffer.from(await answer.arrayBuffer());
      if (gone.signal.aborted) return;
      response.writeHead(answer.status, {
        ...headers,
        'content-type': answer.headers.get('content-type') ?? 'application/json; charset=utf-8',
        'content-length': bytes.length,
        'cache-control': 'no-store',
      });
      response.end(bytes);
    } catch (error) {
      if (gone.signal.aborted) return;
      if (!(error instanceof Refusal)) throw error;
      await drain(request);
      response.writeHead(error.status, { ...headers, 'content-type': 'application/json; charset=utf-8', connection: 'close' });
      response.end(`${JSON.stringify({ errors: [new GraphQLError(error.message)] })}\n`);
    }
  };
};

const contextOf = (services: Services, { who, mayChange, caller }: GraphqlCaller, signal: AbortSignal): Context => ({
  services,
  queries: services.queries.for(caller),
  platform: caller.rights.isAll ? services.platform : NO_PLATFORM,
  who,
  mayChange,
  signal,
});

/** Whatever is asked of it. */
const NO_PLATFORM = new Proxy({} as Platform, {
  get: () => {
    throw graphqlError(new CodedError('access.some-rows', {}));
  },
});

/** Of a refused body, so that its sender reads the answer instead of a broken connection. */
const MOST_DRAINED = 64 << 20;

const drain = async (request: IncomingMessage): Promise<void> => {
  if (request.destroyed) return;
  let size = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MOST_DRAINED) return;
  }
};

const readText = async (request: IncomingMessage): Promise<string> => {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/json') throw new Refusal(415, 'a question is JSON: content-type: application/json');
  const tooLong = (): Refusal => new Refusal(413, `a question is at most ${MOST_BYTES} bytes`);
  if (Number(request.headers['content-length']) > MOST_BYTES) throw tooLong();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MOST_BYTES) throw tooLong();
    chunks.push(chunk);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks, size));
  } catch {
    throw new Refusal(400, 'the question is not UTF-8');
  }
};
