// A list of fields is what a Map would be, whatever is done to it, and holds nothing of the line before.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Fields } from './fields.ts';

const NAME = fc.constantFrom('a', 'b', 'c', 'd', '__proto__', 'constructor', '');

test('fields behave as a map does', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('set' as const), name: NAME, value: fc.integer() }),
    fc.record({ do: fc.constantFrom('delete' as const, 'get' as const), name: NAME, value: fc.constant(0) }),
    { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const), name: NAME, value: fc.constant(0) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const fields = new Fields<number>();
      const oracle = new Map<string, number>();
      for (const { do: what, name, value } of steps) {
        if (what === 'set') {
          fields.set(name, value);
          oracle.set(name, value);
        } else if (what === 'delete') {
          fields.delete(name);
          oracle.delete(name);
        } else if (what === 'clear') {
          fields.clear();
          oracle.clear();
        }
        expect(fields.get(name)).toBe(oracle.get(name));
        expect([...fields]).toEqual([...oracle]);
        expect(fields.size).toBe(oracle.size);
      }
    }),
  );
});
