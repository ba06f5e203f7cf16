// Holds in which order columns stand, which of them are on the screen, and how wide they are.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { events, hosts, processes } from '../../../schemas/catalogue.ts';
import type { Dataset } from '../../../schemas/types.ts';
import { chosenOf, ordered, widthOf, windowOf } from './columns.ts';

const of = ({ columns }: Dataset) => columns.map(({ name, type }) => ({ name, type, unit: null, values: [] }));
const names = (dataset: Dataset, text: string): string[] => ordered(of(dataset), text).map(({ name }) => name);

describe('ordered', () => {
  it('puts what names a row and what the text speaks of in front', () => {
    expect(names(processes, 'from processes last 5m\n| latest\n| sort cpu desc').slice(0, 3)).toEqual(['name', 'cpu', 'memory']);
    expect(names(processes, 'from processes | where threads > 5 and user == "state" // parent\n| sort io.read desc').slice(0, 4)).toEqual([
      'name',
      'io.read',
      'threads',
      'user',
    ]);
    expect(names(hosts, 'from hosts | where `os` matches "deb"').slice(0, 3)).toEqual(['host', 'os', 'agent_state']);
    expect(names(events, 'from events').slice(0, 4)).toEqual(['time', 'host', 'kind', 'title']);
  });

  it('loses no column, and leaves the order of a text that names them itself', () => {
    for (const dataset of [processes, hosts, events])
      expect(names(dataset, `from ${dataset.name}`).toSorted()).toEqual(
        of(dataset)
          .map(({ name }) => name)
          .toSorted(),
      );
    const own = of(processes);
    expect(ordered(own, 'from processes | select time, cpu')).toBe(own);
    expect(ordered(own, 'from metrics.processes | sort cpu')).toBe(own);
    expect(ordered(own.slice(0, 3), 'from processes | sort pid')).toHaveLength(3);
  });
});

describe('chosenOf', () => {
  it('takes those chosen in their order; all where none is there', () => {
    const columns = of(processes);
    expect(chosenOf(columns, ['cpu', 'gone', 'name']).map(({ name }) => name)).toEqual(['cpu', 'name']);
    expect(chosenOf(columns, ['gone'])).toBe(columns);
    expect(chosenOf(columns, undefined)).toBe(columns);
  });
});

describe('windowOf', () => {
  it('holds all that is seen, wherever it is scrolled to', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 64, max: 440 }), { minLength: 1, maxLength: 300 }), fc.nat(60_000), fc.nat(2000), (widths, left, room) => {
        const { first, end, before, after } = windowOf(widths, left, room);
        const others = widths.slice(1).reduce((a, b) => a + b, 0);
        const shown = widths.slice(first, end).reduce((a, b) => a + b, 0);
        expect(before + shown + after).toBe(others);
        expect(before).toBeLessThanOrEqual(left);
        expect(before + shown).toBeGreaterThanOrEqual(Math.min(others, left + room));
        expect(end - first).toBeLessThan((room + 1500) / 64);
      }),
    );
  });
});

describe('widthOf', () => {
  it('is within bounds', () => {
    const column = { name: 'x', type: 'string', unit: null, values: ['x'.repeat(1000)] };
    expect(widthOf(column)).toBe(440);
    expect(widthOf({ ...column, values: [] })).toBe(64);
  });
});
