// What an earlier visit kept of the first page is taken up, whatever else stands in the browser's store is not.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keptScope } from './fleet-texts.ts';

test('a scope is read as it was kept', () => {
  expect(keptScope(null)).toBeUndefined();
  expect(keptScope('{"kind":"one"}')).toEqual({ kind: 'one', host: undefined });
  fc.assert(
    fc.property(fc.nat(), (hosts) => {
      expect(keptScope(JSON.stringify({ kind: 'all', hosts }))).toEqual({ kind: 'all', hosts });
    }),
  );
});

test('anything else is nothing', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json(), fc.constantFrom('null', '[]', '{"kind":"all","hosts":-1}', '{"kind":"all","hosts":"3"}')), (kept) => {
      const scope = keptScope(kept);
      expect(scope === undefined || scope.kind === 'one' || Number.isInteger(scope.hosts)).toBe(true);
    }),
  );
});
