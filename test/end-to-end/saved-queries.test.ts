// Saved queries over POST /graphql as programs and browsers use them: every answer, every refusal, and who may.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Json, type Product, startProduct } from './support/product.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct({ args: ['--no-agent'] });
});
afterAll(() => product?.stop());

const FIELDS = 'name version text description range who parameters';
const SAVE = `mutation ($name: String!, $text: String!, $description: String, $range: String, $base: Int) {
  saveQuery(name: $name, text: $text, description: $description, range: $range, base: $base) {
    saved { ${FIELDS} } conflict { given stands { ${FIELDS} } } diagnostics { severity code span { start { line column } } } } }`;
interface Saved {
  readonly saveQuery: { readonly saved: Json; readonly conflict: Json; readonly diagnostics: readonly Json[] };
}
const save = (variables: Readonly<Record<string, unknown>>) => product.graphql<Saved>(SAVE, variables);
const codesOf = ({ errors }: { readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[] }) =>
  errors?.map(({ extensions }) => extensions?.code);

test('save, list, read, rename, delete, bring back', async () => {
  const text = 'data [{host: "a"}] | where host == $host';
  const { data } = await save({ name: 'team.one', text, description: 'what for', range: '6h' });
  const expected = { name: 'team.one', version: 1, text, description: 'what for', range: '6h', who: 'admin', parameters: ['host'] };
  expect(data?.saveQuery).toEqual({ saved: expected, conflict: null, diagnostics: [] });
  expect((await product.graphql(`{ savedQueries { ${FIELDS} } }`)).data).toEqual({ savedQueries: [expected] });
  expect((await product.graphql('{ savedQuery(name: "team.none") { name } }')).data).toEqual({ savedQuery: null });
  await save({ name: 'team.one', text: 'from logs', base: 1 });
  const versions = '{ savedQuery(name: "team.one") { version } savedVersions(name: "team.one") { version text description range savedAt who } }';
  expect((await product.graphql(versions)).data).toMatchObject({
    savedQuery: { version: 2 },
    savedVersions: [
      { version: 2, text: 'from logs', description: '', range: null },
      { version: 1, text, range: '6h' },
    ],
  });
  expect((await product.graphql('mutation { renameQuery(name: "team.one", to: "team.two") { name version } }')).data).toEqual({
    renameQuery: { name: 'team.two', version: 2 },
  });
  expect((await product.graphql('mutation { deleteQuery(name: "team.two") { name } }')).data).toEqual({ deleteQuery: { name: 'team.two' } });
  expect((await product.graphql('{ savedQueries { name } }')).data).toEqual({ savedQueries: [] });
  expect((await product.graphql('mutation { undeleteQuery(name: "team.two") { version } }')).data).toEqual({ undeleteQuery: { version: 2 } });
});

test('a text reads a saved query as it stands, and a mistake in it is told there', async () => {
  const ask = (text: string) =>
    product.graphql<{ query: Json; complete: Json }>(
      `query ($text: String!) {
        query(text: $text) { columns { name values } diagnostics { code view span { start { line column } } related { message view span { start { line column } } } } }
        complete(text: "from views.read.", offset: 16) { insert } }`,
      { text },
    );
  await save({ name: 'read.one', text: 'data [{a: 1}, {a: 2}]' });
  const text = 'from views.read.one\n| where a > 1';
  expect((await ask(text)).data).toEqual({
    query: { columns: [{ name: 'a', values: [2] }], diagnostics: [] },
    complete: [{ insert: 'views.read.one' }],
  });
  await save({ name: 'read.one', text: 'data [{a: 1}, {a: 7}]', base: 1 });
  expect((await ask(text)).data).toMatchObject({ query: { columns: [{ values: [7] }] } });
  await save({ name: 'read.two', text: 'from views.read.one\n| where a > 0' });
  await save({ name: 'read.one', text: 'data [{b: 1}]', base: 2 });
  expect((await ask('from views.read.two')).data).toMatchObject({
    query: {
      diagnostics: [
        {
          code: 'iql.unknown-field',
          view: 'views.read.two',
          span: { start: { line: 2, column: 9 } },
          related: [{ message: 'views.read.two is used here', view: null, span: { start: { line: 1, column: 6 } } }],
        },
      ],
    },
  });
});

test('a document asks a bounded number of questions, under whatever names', async () => {
  const asked = (count: number) => Array.from({ length: count }, (_, i) => `a${i}: savedVersions(name: "team.two") { version }`).join('\n');
  expect((await product.graphql(`{ ${asked(32)} }`)).errors).toBeUndefined();
  const { errors } = await product.graphql(`{ ${asked(20)} ...more } fragment more on Query { ${asked(40)} }`);
  expect(errors?.map(({ message }) => message)).toEqual(['a document asks at most 32 questions']);
});

test('a document is at most so deep', async () => {
  const deep = (levels: number) => `{ query(text: "data [{a: 1}]", params: {a: ${'{a: '.repeat(levels)}1${'}'.repeat(levels)}}) { rowCount } }`;
  expect((await product.graphql(deep(150))).errors).toBeUndefined();
  for (const levels of [250, 1200]) {
    const { errors } = await product.graphql(deep(levels));
    expect(errors?.map(({ message }) => message)).toEqual(['a document has at most 200 brackets within one another']);
  }
});

test('a conflict has both texts, an error its place; neither saves', async () => {
  await save({ name: 'both.texts', text: 'from logs | limit 1' });
  const second = await save({ name: 'both.texts', text: 'from logs | limit 2' });
  expect(second.data?.saveQuery).toMatchObject({
    saved: null,
    conflict: { given: 'from logs | limit 2', stands: { text: 'from logs | limit 1', version: 1 } },
  });
  const wrong = await save({ name: 'both.texts', text: 'from hosts\n| where hots == "a"', base: 1 });
  expect(wrong.data?.saveQuery).toMatchObject({
    saved: null,
    conflict: null,
    diagnostics: [{ severity: 'error', code: 'iql.unknown-field', span: { start: { line: 2, column: 9 } } }],
  });
});

test('wrong input is told by its code and changes nothing', async () => {
  expect(codesOf(await save({ name: 'not a name', text: 'from logs' }))).toEqual(['saved.value']);
  expect(codesOf(await save({ name: 'a', text: `from logs // ${'x'.repeat(70_000)}` }))).toEqual(['saved.value']);
  expect(codesOf(await save({ name: 'a', text: 'from logs // \0' }))).toEqual(['saved.value']);
  expect(codesOf(await save({ name: 'a', text: 'from logs', range: 'never' }))).toEqual(['saved.value']);
  expect(codesOf(await save({ name: 'a', text: 'from logs', base: 3 }))).toEqual(['saved.unknown']);
  expect(codesOf(await product.graphql('mutation { renameQuery(name: "none", to: "other") { name } }'))).toEqual(['saved.unknown']);
  expect(codesOf(await product.graphql('mutation { renameQuery(name: "both.texts", to: "team.two") { name } }'))).toEqual(['saved.taken']);
  expect(codesOf(await product.graphql('mutation { deleteQuery(name: "none") { name } }'))).toEqual(['saved.unknown']);
  expect(codesOf(await product.graphql('mutation { undeleteQuery(name: "none") { name } }'))).toEqual(['saved.unknown']);
  for (const variables of [{ name: 'a' }, { text: 'from logs' }, { name: 1, text: 'from logs' }, { name: 'a', text: 'from logs', base: 1.5 }])
    expect((await save(variables)).errors).toHaveLength(1);
  expect((await product.graphql('{ savedQuery(name: "a") { name } }')).data).toEqual({ savedQuery: null });
});

test('only who may ask may save; a browser only from our own page', async () => {
  const body = JSON.stringify({ query: SAVE, variables: { name: 'stolen', text: 'from logs' } });
  const status = async (headers: Readonly<Record<string, string>>): Promise<number> =>
    (await fetch(`${product.origin}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body })).status;
  expect(await status({})).toBe(401);
  expect(await status({ authorization: 'Bearer wrong' })).toBe(401);
  expect(await status({ authorization: `Bearer ${product.agentToken}` })).toBe(403);
  const link = await product.get(`/?token=${product.token}`, {});
  const cookie = (link.headers.get('set-cookie') ?? '').split(';')[0] as string;
  expect(await status({ cookie })).toBe(403);
  expect(await status({ cookie, origin: 'http://evil.example' })).toBe(403);
  expect((await product.graphql('{ savedQuery(name: "stolen") { name } }')).data).toEqual({ savedQuery: null });
  expect(await status({ cookie, origin: product.origin })).toBe(200);
  expect((await product.graphql('{ savedQuery(name: "stolen") { who } }')).data).toEqual({ savedQuery: { who: 'session' } });
});
