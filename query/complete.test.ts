// What may stand at the cursor: `|` in a text marks it.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EXAMPLES } from './1-syntax/test-support/texts.ts';
import { complete } from './language.ts';
import { specCatalogue } from './testing/spec-run.ts';

const at = (marked: string) => {
  const offset = marked.indexOf('‸');
  return complete(marked.replace('‸', ''), offset, specCatalogue);
};
const labels = (marked: string): readonly string[] => at(marked).map((c) => c.label);

test.each([
  ['‸', ['from', 'let']],
  ['from ‸', ['logs', 'processes', 'hosts', 'metrics.system.cpu.utilization']],
  ['from metrics.system.c‸', ['metrics.system.cpu.utilization']],
  ['from cpu‸', ['metrics.system.cpu.utilization']],
  ['from logs ‸', ['last', 'between', 'offset']],
  ['from logs | ‸', ['where', 'search', 'every', 'limit']],
  ['from logs | wh‸', ['where']],
  ['from logs | where ‸', ['severity', 'host', 'status', 'exists', 'not']],
  ['from logs | where sev‸', ['severity']],
  ['from logs | where host == "a" and se‸', ['severity', 'service']],
  ['from processes | every 1m ‸', ['avg', 'max']],
  ['from processes | latest | top 5 by cp‸', ['cpu']],
  ['from logs | select body | where ‸', ['body']],
  ['from logs | every 5m count by service | sort ‸', ['time', 'service', 'count']],
  ['from logs | every 5m count | fill pre‸', ['previous']],
  ['from processes | latest | lookup ho‸', ['hosts']],
  ['from logs | where attributes[‸', ['path', 'code']],
  ['from logs | where attributes["pa‸', ['path']],
  ['from logs | count by k = numbers["‸', ['status', 'code']],
  ['from logs | where attributes["x"] == "a" and numbers[‸', ['status']],
  // Broken texts.
  ['from logs | where host == "a | set x = lo‸', []],
  ['from logs | where ( and | where hos‸', ['host']],
  ['from logs | nonsense x | where ho‸', ['host']],
])('%s', (text, wanted) => {
  const found = labels(text);
  for (const w of wanted) expect(found).toContain(w);
});

describe('behind a mistake', () => {
  test.each([
    ['from processes | where memory > "x" | sort hots | where ‸', ['memory', 'host', 'user']],
    ['from processes | set a = lenght(name), b = memory / 1KiB | where ‸', ['a', 'b', 'memory']],
    ['from processes | every 1m hihgest = maxx(cpu), m = max(memory) | where ‸', ['time', 'host', 'hihgest', 'm']],
    ['from processes | summarize n = cuont(), max(cpu) by host, nothing | where ‸', ['n', 'cpu.max', 'host', 'nothing']],
    ['from processes | select host, nmae, half = memory / 5m | sort ‸', ['host', 'nmae', 'half']],
    ['from processes | rename memori as m, pid as process | where ‸', ['m', 'process', 'memory']],
    ['from processes | lookup hosts on hots | where ‸', ['host', 'os', 'memory']],
    ['from processes | limit "ten" | fill 0 | top x by y | where ‸', ['host', 'memory']],
    ['from processes | drop hots | where ‸', ['host', 'memory']],
    ['from processes | filter host == "a" | where ‸', ['host', 'memory']],
    ['from process | where ‸', ['host', 'memory']],
    ['from logs last "long" | where ‸', ['host', 'severity']],
    ['data [{a: 1, b: lenght("x")}, {a: "x", c: 5}] | where ‸', ['a', 'b', 'c']],
    ['from hosts | where host in (from processes | where memory > "x" | where ‸', ['memory', 'user']],
    ['from hosts | where hots == 1 and host in (from processes | where ‸', ['memory', 'user']],
    ['from processes | where pid == 1 or host in (from hosts | where ‸', ['os', 'kernel']],
    ['let big = (from processes | where ‸', ['memory', 'user']],
    ['let big = (from processes | where memory > "x" | select host, memory)\nfrom big | where ‸', ['host', 'memory']],
  ])('%s', (text, wanted) => {
    const found = labels(text);
    for (const w of wanted) expect(found).toContain(w);
  });

  test('what is certain keeps its type and unit, the rest has none', () => {
    const found = at('from processes | set a = lenght(name), memory = memory / 2 | where ‸');
    expect(found.find((c) => c.label === 'memory')).toMatchObject({ type: 'a number', unit: 'By' });
    expect(found.find((c) => c.label === 'a')).toMatchObject({ kind: 'field', type: undefined, unit: undefined });
  });

  test('what a pipe leaves out is not offered because it is wrong', () => {
    expect(labels('from processes | select host, m = memory / "x" | where ‸')).not.toContain('user');
    expect(labels('from hosts | where host in (from processes | select host, memory) | where ‸')).not.toContain('pid');
  });
});

test('only what is there at this point of the pipe', () => {
  expect(labels('from logs | select body | where ‸')).not.toContain('host');
  expect(labels('from metrics.http.requests | every 5m rate | sum by service | where ‸')).not.toContain('host');
});

test('best first, in its place, with type and unit', () => {
  const [first] = at('from processes | where mem‸');
  expect(first).toMatchObject({ label: 'memory', kind: 'field', type: 'a number', unit: 'By', insert: 'memory', from: 23, to: 26 });
});

test('odd names are quoted', () => {
  expect(at('data [{`a b`: 1}] | where a‸').find((c) => c.label === 'a b')?.insert).toBe('`a b`');
  expect(at('data [{`in`: 1, `a``b`: 2}] | where ‸').flatMap(({ kind, insert }) => (kind === 'field' ? [insert] : []))).toEqual(['`in`', '`a``b`']);
});

test('a name begun in backticks is taken with them', () => {
  for (const text of ['data [{`a b`: 1}] | where `a', 'data [{`a b`: 1}] | where `a b', 'data [{`a b`: 1}] | where `'])
    expect(complete(text, text.length, specCatalogue)).toMatchObject([{ label: 'a b', insert: '`a b`', from: text.lastIndexOf('`') }]);
});

test('a level begun in quotes is taken with them, and no field', () => {
  expect(at('from logs | where severity == "w‸').map(({ insert, from }) => [insert, from])).toEqual([['"warn"', 30]]);
  expect(at("from logs | where severity in ('error', 'w‸").map(({ insert, from }) => [insert, from])).toEqual([['"warn"', 40]]);
  expect(at('from logs | where host == "sev‸')).toEqual([]);
});

test('inside search nothing is offered: its words are free', () => {
  expect(labels('from logs | search conn‸')).toEqual([]);
});

test('never throws, and what it offers lies in the text', () => {
  fc.assert(
    fc.property(fc.constantFrom(...EXAMPLES), fc.nat(400), fc.nat(30), fc.string({ maxLength: 6 }), (text, cut, skip, extra) => {
      const broken = text.slice(0, cut) + extra + text.slice(cut + skip);
      const offset = Math.min(cut + extra.length, broken.length);
      for (const c of complete(broken, offset, specCatalogue)) {
        expect(c.to).toBe(offset);
        expect(c.from).toBeLessThanOrEqual(offset);
      }
    }),
  );
});

test('an attribute that has the name of a column, or one that no name can say, is offered by its map', () => {
  const names = ['path', 'region', 'two\nlines'];
  const catalogue = {
    ...specCatalogue,
    attribute: (_: string, name: string) => (names.includes(name) ? ('text' as const) : undefined),
    attributeNames: () => names,
  };
  const inserts = (text: string) => complete(text, text.length, catalogue).map((c) => c.insert);
  expect(inserts('from logs | where ')).toEqual(expect.arrayContaining(['path', 'region', 'attributes["region"]', 'attributes["two\\nlines"]']));
  expect(inserts('from logs | where attributes["reg')).toEqual(['"region"]']);
});
