// The printed schema is what programs are written against: `schema.graphql` is committed and holds exactly what the code serves.
import { createRequire } from 'node:module';
import type * as graphql from 'graphql';
import { expect, test } from 'vitest';
import { schema } from './schema.ts';

// The copy that Pothos has, which is Node's choice; the test runner's own would be another.
const { lexicographicSortSchema, printSchema } = createRequire(import.meta.url)('graphql') as typeof graphql;

test('schema.graphql is the printed schema (vitest --update writes it)', async () => {
  const header = '# What can be asked at POST /graphql. Printed from graphql/schema.ts by its test, never written by hand.\n\n';
  await expect(`${header}${printSchema(lexicographicSortSchema(schema))}\n`).toMatchFileSnapshot('schema.graphql');
});
