// Holds that every document the explorer sends is one the committed schema answers.
import { readFileSync } from 'node:fs';
import { buildSchema, parse, print, validate } from 'graphql';
import { expect, it } from 'vitest';
import * as documents from './documents.ts';

const schema = buildSchema(readFileSync(new URL('../../../graphql/schema.graphql', import.meta.url), 'utf8'));

it.each(Object.entries(documents))('%s is valid', (_, document) => {
  expect(validate(schema, parse(print(document))).map(({ message }) => message)).toEqual([]);
});
