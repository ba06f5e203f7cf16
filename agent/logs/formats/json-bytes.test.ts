// The reader of bytes against `JSON.parse`: what it takes gives the same line, and what it gives up on is read all the same.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { json } from './json.ts';
import { readObject } from './json-bytes.ts';
import { newLine, type ParsedLine } from './parsed-line.ts';

const read = (line: string, asBytes: boolean): unknown => {
  const into: ParsedLine = newLine();
  // Other bytes around them, which are none of the line.
  const data = new TextEncoder().encode(`"}]${line}":{"}`);
  const isAscii = data.length === line.length + 8;
  const fits = json(line, into, 0, asBytes && isAscii ? { data, from: 3, to: 3 + line.length } : undefined);
  const { attributes, numbers, ...rest } = into;
  return fits ? { ...rest, attributes: [...attributes], numbers: [...numbers] } : false;
};
const both = (line: string): void => expect(read(line, true), line).toEqual(read(line, false));

const NAMES = ['msg', 'message', 'level', 'time', 'ts', 'service', 'app', 'trace_id', 'event', 'name', 'v', 'hostname', 'instant', 'pid', 'a', 'b.c', 'b'];
const name = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...NAMES) },
  fc.constantFrom('', '0', '17', '4294967295', '__proto__', 'constructor', 'é', 'a\0', 'x'.repeat(200), '\ud800', '"', '\\', '\u007f'),
  fc.string({ maxLength: 8 }),
);
const number = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 1e-7, 5e-324, 1.7976931348623157e308, 0.1, 123_456_789_012_345, 2 ** 63, 1_790_000_000_123),
);
const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('info', 'ERROR', '2026-11-20T10:00:00.123456789Z', 'a "quoted" text', 'C:\\new', 'a\nb\tc', '😀', '\ud83d', ' ', 'x'.repeat(3000)),
);
const value: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    text,
    number,
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 4 }),
  ),
})).value;

/** Written by hand: names may stand twice, numbers be written in any way, blanks stand anywhere. */
const blank = fc.constantFrom('', '', '', ' ', '\t', '\n', '\r ', '\v');
const written = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('', '-', '+'),
      fc.constantFrom('0', '1', '007', '12', '999999999999999', '9007199254740993', ''),
      fc.constantFrom('', '.', '.5', '.000000000000001', '.10'),
      fc.constantFrom('', 'e', 'e5', 'E-3', 'e+400', 'e-400'),
    )
    .map((parts) => parts.join('')),
  text.map((t) => JSON.stringify(t)),
  fc.constantFrom(
    '"\\u0041"',
    '"\\ud83d\\ude00"',
    '"\\ud83d"',
    '"\\x"',
    '"\\',
    '"a',
    '"\\/"',
    '"\u0001"',
    'true',
    'tru',
    'false',
    'nul',
    'null',
    '[1, 2]',
    '{}',
    '{"a" : 1}',
    '{"a":{"b":{"c":{"d":{"e":1}}}}}',
    'NaN',
    '1 2',
  ),
);
const member = fc.tuple(blank, name, blank, blank, written, blank).map(([a, key, b, c, v, d]) => `${a}${JSON.stringify(key)}${b}:${c}${v}${d}`);
const lines = fc.oneof(
  fc.dictionary(name, value, { maxKeys: 8 }).map((object) => JSON.stringify(object)),
  fc
    .tuple(fc.array(member, { maxLength: 6 }), blank, fc.constantFrom('}', '}', '}', '} ', '', ',}', '}}', '} x'))
    .map(([all, b, close]) => `{${b}${all.join(',')}${close}`),
  fc
    .tuple(
      fc.dictionary(name, value, { maxKeys: 4 }).map((object) => JSON.stringify(object)),
      fc.nat(),
      fc.constantFrom('', '"', '\\', '{', '}', ',', ':', '0', ' ', '\0'),
    )
    .map(([line, at, sign]) => line.slice(0, at % line.length) + sign + line.slice((at % line.length) + (at % 2))),
);

// First, as names are kept until there are too many.
test.each([
  ['zap', '{"level":"info","ts":1790000000.25,"caller":"a.go:1","msg":"it \\"broke\\"","n":-1.5}'],
  ['zerolog', '{"level":"warn","user":"a","time":"2026-11-20T10:00:00Z","message":"slow"}'],
  ['pino', '{"level":30,"time":1790000000123,"pid":7,"hostname":"h","req":{"method":"GET","url":"/"},"res":{"statusCode":200},"msg":"done"}'],
])('%s is read without JSON.parse', (_, line) => {
  const told = { event: undefined, name: undefined, hostname: undefined, v: undefined };
  expect(readObject({ data: new TextEncoder().encode(line), from: 0, to: line.length }, line, newLine(), told)).toBe(true);
});

test('any object is read as JSON.parse reads it, whatever lines came before', () => {
  fc.assert(
    fc.property(fc.array(lines, { minLength: 1, maxLength: 4 }), (all) => {
      for (const line of all) both(line);
    }),
    { numRuns: 5000 },
  );
});

test.each([
  ['many attributes', `{${Array.from({ length: 90 }, (_, i) => `"k${i}":${i % 2 === 0 ? i : `"v${i}"`}`).join(',')},"o":{"x":1}}`],
  ['many names', `{${Array.from({ length: 5000 }, (_, i) => `"n${i}":1`).join(',')}}`],
  ['deep', `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`],
  ['a name twice', '{"a":1,"b":2,"a":"x"}'],
  ['numbers as names', '{"b":"1","2":"x","1":"y"}'],
  ['an object twice', '{"o":{"x":1},"o":{"y":1}}'],
  ['a name twice, once within', '{"a":1,"o":{"a":2},"b":{"a":3}}'],
  ['structlog', '{"event":"signed in","level":"info","user":"a"}'],
  ['bunyan', '{"name":"shop","hostname":"h","pid":7,"level":50,"msg":"no","time":"2026-11-20T10:00:00.1Z","v":0}'],
  ['log4j', '{"instant":{"epochSecond":1790000000,"nanoOfSecond":5000000},"level":"INFO","message":"up"}'],
])('%s', (_, line) => {
  both(line);
  // Once more, when its names are known.
  both(line);
});
