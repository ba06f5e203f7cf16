// GraphQL over HTTP: Yoga with our schema. Who may ask is decided before a request comes here.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { createYoga, type YogaServerInstance } from 'graphql-yoga';
import type { Logger } from '../core/logger.ts';
import { schema } from './schema.ts';
import type { Context, Services } from './service.ts';

interface NodeContext {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

export const graphqlServer = (services: Services, log: Logger): YogaServerInstance<NodeContext, Context> =>
  createYoga<NodeContext, Context>({
    schema,
    graphqlEndpoint: '/graphql',
    landingPage: false,
    graphiql: false,
    batching: false,
    cors: false,
    maskedErrors: true,
    logging: {
      debug: () => undefined,
      info: () => undefined,
      warn: (...parts: unknown[]) => log.warn(parts.map(String).join(' ')),
      error: (...parts: unknown[]) => log.error(parts.map(String).join(' ')),
    },
    context: ({ res }) => {
      const gone = new AbortController();
      res.once('close', () => {
        if (!res.writableFinished) gone.abort();
      });
      return { services, signal: gone.signal };
    },
  });
