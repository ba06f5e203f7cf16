// Holds that lines are called by what tells them apart and by nothing else, that no two are called the same, and what they are coloured by.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Column, Value } from '../data/types.ts';
import { groupRows, namingOf } from './keys.ts';

const column = (name: string, values: readonly Value[]): Column => ({ name, type: 'string', unit: null, values });
const naming = (columns: Column[], text = '', name = '') => namingOf(columns, groupRows(columns, columns[0]?.values.length ?? 0).rows, text, name);

describe('namingOf', () => {
  it('says what differs, leaves out what is absent or equal, and says what is common once', () => {
    const found = naming([
      column('datacenter', [null, null]),
      column('direction', ['write', 'read']),
      column('env', [null, null]),
      column('host', ['vm', 'vm']),
    ]);
    expect(found.labels).toEqual(['write', 'read']);
    expect(found.caption).toBe('host vm');
    expect(found.titles).toEqual(['direction write, host vm', 'direction read, host vm']);
  });

  it('does not repeat what the host says already, unless the text asks for it', () => {
    const columns = [
      column('direction', ['write', 'read', 'write', 'read']),
      column('env', ['prod', 'prod', null, null]),
      column('host', ['web', 'web', 'vm', 'vm']),
    ];
    expect(naming(columns).labels).toEqual(['write · web', 'read · web', 'write · vm', 'read · vm']);
    expect(naming(columns, 'from x | sum by env, host, direction').labels[0]).toBe('write · prod · web');
    expect(naming(columns, 'from x | sum by environment, host.env').labels[0]).toBe('write · web');
  });

  it('names the keys where values alone would be the same', () => {
    expect(naming([column('a', ['x', null]), column('b', [null, 'x'])]).labels).toEqual(['a x · no b', 'no a · b x']);
    expect(naming([column('severity', ['info', null])]).labels).toEqual(['info', 'no severity']);
  });

  it('says a missing state, or key that was asked for, beside other keys', () => {
    const hosts = column('host', ['vm', 'vm', 'db']);
    const of = (name: string, text: string) => naming([hosts, column(name, ['info', null, 'info'])], text).labels;
    expect(of('severity', 'from logs | every 30s count by host, severity')).toEqual(['vm · info', 'vm · no severity', 'db · info']);
    expect(of('severity', '')[1]).toBe('vm · no severity');
    expect(of('service', 'from logs | count by host, service')[1]).toBe('vm · no service');
    expect(of('service', '')[1]).toBe('vm');
  });

  it('calls a line that is alone by all it has', () => {
    const found = naming([column('host', ['vm']), column('device', ['vda']), column('env', [null])]);
    expect(found).toMatchObject({ labels: ['vm · vda'], caption: '' });
    expect(naming([column('host', ['vm'])], '', 'cpu')).toMatchObject({ labels: ['cpu'], caption: 'host vm' });
  });

  it('colours by a state, then by the host, then by the name', () => {
    const columns = [column('host', ['a', 'b']), column('severity', ['error', 'info'])];
    expect(naming(columns, 'from logs | count by host, severity').identities).toEqual([
      { kind: 'state', token: '--severity-error', host: 'a' },
      { kind: 'state', token: '--severity-info', host: 'b' },
    ]);
    expect(naming([column('host', ['a', 'b']), column('service', ['x', 'y'])]).identities[0]).toEqual({ kind: 'host', host: 'a' });
    expect(naming([column('host', ['a', 'b', 'a']), column('http.status_code', ['503', null, '200'])]).identities).toEqual([
      { kind: 'state', token: '--status-5xx', host: 'a' },
      { kind: 'state', token: '--severity-none', host: 'b' },
      { kind: 'state', token: '--status-2xx', host: 'a' },
    ]);
    expect(naming([column('host', ['a', 'a']), column('severity', ['error', 'info'])]).identities[0]).toEqual({ kind: 'state', token: '--severity-error' });
    expect(naming([column('class', ['5xx', '2xx'])]).identities[1]).toEqual({ kind: 'state', token: '--status-2xx' });
    expect(naming([column('direction', ['read', 'write'])]).identities[0]).toMatchObject({ kind: 'value', text: expect.stringContaining('read') });
    const read = (key: string) => naming([column(key, ['read', 'write'])]).identities[0];
    expect(read('direction')).toEqual(read('device.direction'));
  });

  it('calls no two lines the same', () => {
    const value = fc.option(fc.constantFrom('a', 'b', 'no x', ''), { nil: null });
    const rows = fc.integer({ min: 1, max: 8 }).chain((n) => fc.array(fc.array(value, { minLength: n, maxLength: n }), { minLength: 1, maxLength: 4 }));
    fc.assert(
      fc.property(rows, fc.boolean(), (columns, withHost) => {
        const keys = columns.map((values, i) =>
          column(
            i === 0 && withHost ? 'host' : `x${i}`,
            values.map((one) => (one === '' ? null : one)),
          ),
        );
        const { labels } = naming(keys);
        expect(new Set(labels).size, labels.join(' | ')).toBe(labels.length);
      }),
    );
  });
});

describe('groupRows', () => {
  it('puts rows together that share every key, and no others', () => {
    const value = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.array(fc.string()));
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value), { maxLength: 30 }), (rows) => {
        const groups = groupRows(
          [
            column(
              'a',
              rows.map(([a]) => a),
            ),
            column(
              'b',
              rows.map(([, b]) => b),
            ),
          ],
          rows.length,
        );
        const of = new Map<string, number>();
        for (const [i, row] of rows.entries()) {
          const key = JSON.stringify(row.map((one) => [typeof one, one]));
          expect(of.get(key) ?? groups.ofRow[i]).toBe(groups.ofRow[i]);
          of.set(key, groups.ofRow[i] as number);
        }
        expect(new Set(of.values()).size).toBe(of.size);
        expect(groups.rows).toHaveLength(of.size);
      }),
    );
  });
});
