// Command lines: what is read, what is refused, what is suggested.
import { expect, test } from 'vitest';
import { CodedError } from '../../core/errors.ts';
import { type Options, readArguments, suggestion } from './arguments.ts';
import { parseListen } from './start.ts';

const OPTIONS: Options = {
  format: { type: 'string', summary: '' },
  param: { type: 'string', multiple: true, summary: '' },
  offline: { type: 'boolean', summary: '' },
};
const problem = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof CodedError && error.code === 'command.usage') return error.message;
    throw error;
  }
  return '';
};

test('options by name, in both forms, several values, what stands alone', () => {
  const read = readArguments(['--format=csv', 'from logs', '--param', 'a=1', '--param', 'b=-1', '--offline', '--help'], OPTIONS, { most: 1 });
  expect(read.values).toEqual(new Map([['format', 'csv']]));
  expect(read.lists).toEqual(new Map([['param', ['a=1', 'b=-1']]]));
  expect(read.flags).toEqual(new Set(['offline', 'help']));
  expect(read.positionals).toEqual(['from logs']);
  expect(readArguments(['-h'], OPTIONS, { most: 0 }).flags).toEqual(new Set(['help']));
  expect(readArguments(['--', '--format'], OPTIONS, { most: 1 }).positionals).toEqual(['--format']);
  expect(readArguments(['--format', 'a', '--format', 'b'], OPTIONS, { most: 0 }).values.get('format')).toBe('b');
});

test.each([
  [['--fromat', 'csv'], 'there is no option --fromat; did you mean "--format"?'],
  [['--zzz'], 'there is no option --zzz'],
  [['-x'], 'there is no option -x'],
  [['--verison'], 'there is no option --verison; did you mean "--version"?'],
  [['--format'], '--format needs a value'],
  [['--format='], '--format needs a value'],
  [['--offline=yes'], '--offline takes no value'],
  [['from', 'hosts'], '"hosts" is one argument too many; a text of several words stands in quotes: \'from hosts\''],
  [['a', 'b'], '"b" is one argument too many'],
  [['--__proto__', 'x'], 'there is no option --__proto__'],
  [['--constructor'], 'there is no option --constructor'],
])('%j: %s', (args, message) => expect(problem(() => readArguments(args, OPTIONS, { most: 1 }))).toBe(message));

test.each([
  ['127.0.0.1:8080', '127.0.0.1', 8080],
  ['0.0.0.0:0', '0.0.0.0', 0],
  ['[::1]:9', '::1', 9],
  [':81', '127.0.0.1', 81],
  ['81', '127.0.0.1', 81],
  ['fra1.example:65535', 'fra1.example', 65_535],
])('%s is an address to listen on', (text, host, port) => expect(parseListen(text)).toEqual({ host, port }));

test.each(['', 'x', '127.0.0.1', '::1:80', '[::1]', '1:65536', 'a:b', 'http://a:1', 'a:1/'])('%j is none', (text) =>
  expect(problem(() => parseListen(text))).toContain('is no address to listen on'),
);

test('what is near is suggested, the nearest first', () => {
  const names = ['start', 'agent', 'query', 'check', 'fmt', 'doctor'];
  expect(suggestion('strat', names)).toBe('; did you mean "start"?');
  expect(suggestion('qurey', names)).toBe('; did you mean "query"?');
  expect(suggestion('docter', names)).toBe('; did you mean "doctor"?');
  expect(suggestion('elephant', names)).toBe('');
});
