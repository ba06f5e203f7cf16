// Tests of the own log: levels, both forms, hostile content.
import { expect, test } from 'vitest';
import { CodedError } from './errors.ts';
import { createLogger, type LogLevel } from './logger.ts';

const lines = (format: 'text' | 'json', level: LogLevel = 'info') => {
  const out: string[] = [];
  return { out, log: createLogger({ level, format, write: (line) => out.push(line), now: () => 0 }) };
};

test('writes text lines with fields, quoting what needs it', () => {
  const { out, log } = lines('text');
  log.with({ part: 'door' }).info('started', { port: 1, note: 'a b', id: 5n });
  expect(out).toEqual(['1970-01-01T00:00:00.000Z info  started part=door port=1 note="a b" id=5\n']);
});

test('writes JSON lines; errors keep code and message', () => {
  const { out, log } = lines('json');
  log.error('no', { error: new CodedError('records.unavailable', { reason: 'gone' }), big: 2n ** 64n });
  expect(JSON.parse(out[0] as string)).toEqual({
    time: '1970-01-01T00:00:00.000Z',
    level: 'error',
    message: 'no',
    error: { name: 'CodedError', code: 'records.unavailable', message: 'the record store does not answer: gone' },
    big: '18446744073709551616',
  });
});

test('keeps quiet below its level', () => {
  const { out, log } = lines('text', 'warn');
  log.info('x');
  log.debug('x');
  expect(out).toEqual([]);
});

test('one record is one line and bounded, whatever it holds', () => {
  const round: Record<string, unknown> = {};
  round.self = round;
  for (const format of ['text', 'json'] as const) {
    const { out, log } = lines(format);
    log.warn('a\nb\u0000c', { text: 'x\ny', long: 'z'.repeat(100_000), round, nothing: undefined });
    expect(out.join('').split('\n')).toHaveLength(2);
    expect((out[0] as string).length).toBeLessThan(10_000);
  }
});
