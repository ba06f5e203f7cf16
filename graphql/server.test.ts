// Who may only look is answered what it asks, and changes nothing, however the document is written.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { silentLogger } from '../core/logger.ts';
import { unlimited } from '../query/caller.ts';
import { graphqlServer } from './server.ts';
import type { Services } from './service.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** Each change that is done is noted. */
const serve = async () => {
  const done: string[] = [];
  const stream = { forget: (who: string, group: string) => Promise.resolve(void done.push(`${who} ${group}`)) };
  const answer = graphqlServer({ queries: { for: () => undefined }, platform: { stream } } as unknown as Services, silentLogger);
  const server = createServer((request, response) => {
    void answer(request, response, {}, { who: 'session', mayChange: request.url === '/may', caller: unlimited('test') });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => server.close());
  const ask = async (path: string, body: Readonly<Record<string, unknown>>): Promise<unknown> => {
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return response.json();
  };
  return { ask, done };
};

test('questions are answered, changes are refused with what to do', async () => {
  const { ask, done } = await serve();
  const both = 'query look { __typename } mutation change($group: String!) { forgetGroup(group: $group) }';
  const refused = { errors: [{ extensions: { code: 'access.look-only' } }] };
  for (const path of ['/look', '/may', '/look']) {
    expect(await ask(path, { query: both, operationName: 'look' })).toMatchObject({ data: { __typename: 'Query' } });
    for (const body of [
      { query: 'mutation { forgetGroup(group: "g") }' },
      { query: both, operationName: 'change', variables: { group: 'g' } },
      { query: 'mutation { ...on Mutation { a: forgetGroup(group: "g") } }' },
    ])
      if (path === '/look') expect(await ask(path, body)).toMatchObject(refused);
      else expect(await ask(path, body)).not.toHaveProperty('errors');
  }
  expect(done).toEqual(['session g', 'session g', 'session g']);
});
