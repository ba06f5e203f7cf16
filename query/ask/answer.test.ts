// Answers as JSON: what every kind of value becomes.
import { expect, test } from 'vitest';
import type { PlanColumn } from '../3-plan/nodes.ts';
import { planType } from '../3-plan/physical.ts';
import { batchFrom, type Row, withDictionaries } from '../run/testing/environment.ts';
import { answerColumns } from './answer.ts';

test('every type, over several batches', () => {
  const columns: PlanColumn[] = [
    { name: 'time', type: 'time' },
    { name: 'int', type: 'int' },
    { name: 'float', type: 'float' },
    { name: 'text', type: 'string' },
    { name: 'bool', type: 'bool' },
    { name: 'duration', type: 'duration' },
    { name: 'list', type: planType('list', 'int') },
    { name: 'map', type: planType('map') },
  ];
  const hostile = new Map([
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ]);
  const rows: Row[] = [
    [0n, 1n, 0.1, 'a', true, 1_500_000_000n, [1n, null], hostile],
    [1_000n, 2n ** 53n, -0, 'ü', false, -1n, [], new Map()],
    [null, -(2n ** 53n) + 1n, null, null, null, null, null, null],
  ];
  const batch = batchFrom(columns, rows);
  const answer = answerColumns([batch, withDictionaries(batch)], columns);
  const json = JSON.parse(JSON.stringify(Object.fromEntries(answer.map((c) => [c.name, c.values.slice(0, 3)]))));
  expect(json).toEqual({
    time: ['1970-01-01T00:00:00.000Z', '1970-01-01T00:00:00.000001Z', null],
    int: [1, '9007199254740992', -9007199254740991],
    float: [0.1, 0, null],
    text: ['a', 'ü', null],
    bool: [true, false, null],
    duration: [1.5, -1e-9, null],
    list: [[1, null], [], null],
    map: [JSON.parse('{"__proto__":"x","constructor":"y"}'), {}, null],
  });
  expect(answer.map((c) => c.values.length)).toEqual(columns.map(() => 6));
  expect(answer.every((c) => JSON.stringify(c.values.slice(0, 3)) === JSON.stringify(c.values.slice(3)))).toBe(true);
  expect(({} as Record<string, unknown>).x).toBeUndefined();
});
