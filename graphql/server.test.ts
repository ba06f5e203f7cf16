// Who may only look is answered what it asks, and changes nothing, however the document is written.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { silentLogger } from '../core/logger.ts';
import { rightsOf } from '../query/3-plan/rights.ts';
import { unlimited } from '../query/caller.ts';
import { schema } from './schema.ts';
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

/** What answers with what the caller may see, or with what is everybody's. Any other field is about the whole installation. */
const ANSWERED: ReadonlySet<string> = new Set([
  ...['query', 'check', 'complete', 'format', 'catalogue', 'hosts', 'savedQueries', 'savedQuery', 'savedVersions'],
  ...['saveQuery', 'renameQuery', 'deleteQuery', 'undeleteQuery'],
]);
/** Of fields that must have more than they say. */
const MORE: Readonly<Record<string, string>> = {
  replay: 'offset: "0"',
  replayPlan: 'offset: "0"',
  replayLetters: 'ids: ["0/1"]',
  dropLetters: 'ids: ["0/1"]',
};

const isObject = (type: string): boolean => 'getFields' in (schema.getType(type.replace(/[[\]!]/g, '')) ?? {});

const documents = (): readonly string[] =>
  [schema.getQueryType(), schema.getMutationType()].flatMap((root) =>
    Object.values(root?.getFields() ?? {}).flatMap(({ name, args, type }) => {
      if (ANSWERED.has(name)) return [];
      const given = args.filter((a) => String(a.type).endsWith('!')).map((a) => `${a.name}: ${String(a.type) === 'Boolean!' ? 'true' : '"a"'}`);
      const all = [...given, ...(MORE[name] === undefined ? [] : [MORE[name]])];
      const what = `${name}${all.length === 0 ? '' : `(${all.join(', ')})`}${isObject(String(type)) ? ' { __typename }' : ''}`;
      return [`${root === schema.getQueryType() ? 'query' : 'mutation'} { ${what} }`];
    }),
  );

test('who may see some hosts only is told nothing of the whole installation', async () => {
  const done: string[] = [];
  const platform = new Proxy({}, { get: (_, part) => void done.push(String(part)) });
  const services = { queries: { for: () => undefined }, platform } as unknown as Services;
  const told: string[] = [];
  const answer = graphqlServer(services, { ...silentLogger, error: (message) => void told.push(message) });
  const caller = { name: 'some', rights: rightsOf([]), limits: {} };
  const server = createServer((request, response) => void answer(request, response, {}, { who: 'admin', mayChange: true, caller }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => server.close());
  const all = documents();
  expect(all.length).toBeGreaterThan(15);
  for (const query of all) {
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    });
    expect(await response.json(), query).toMatchObject({ data: null, errors: [{ extensions: { code: 'access.some-rows' } }] });
    expect(told, query).toEqual([]);
  }
  expect(done).toEqual([]);
});
