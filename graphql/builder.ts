// The schema builder with its scalars and the objects' shapes in TypeScript. `schema.ts` puts the schema together.
import SchemaBuilder from '@pothos/core';
import { GraphQLError } from 'graphql';
import { formatTime, parseTime } from '../core/time.ts';
import type { Context } from './service.ts';

export const builder = new SchemaBuilder<{
  Context: Context;
  DefaultFieldNullability: false;
  Scalars: {
    Time: { Input: bigint; Output: bigint };
    JSON: { Input: unknown; Output: unknown };
  };
}>({ defaultFieldNullability: false });

builder.scalarType('Time', {
  description: 'A moment as ISO 8601 text with a zone, up to nanoseconds: 2026-11-20T10:00:00.000Z',
  serialize: (value) => formatTime(value),
  parseValue: (value) => {
    const nanos = typeof value === 'string' ? parseTime(value) : undefined;
    if (nanos === undefined) throw new GraphQLError(`${JSON.stringify(value)} is not a time; write 2026-11-20T10:00:00Z`);
    return nanos;
  },
});

builder.scalarType('JSON', {
  description: 'Any JSON value',
  serialize: (value) => value,
  parseValue: (value) => value,
});
