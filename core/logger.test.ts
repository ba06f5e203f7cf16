// Tests of the own log: levels, both forms, hostile content.
import { describe, expect, test, vi } from 'vitest';
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
    log.warn('list', { list: Array.from({ length: 10_000 }, () => 'z'.repeat(5000)) });
    expect(out.join('').split('\n')).toHaveLength(3);
    for (const line of out) expect(line.length).toBeLessThan(20_000);
  }
});

describe('warnings and errors that repeat', () => {
  test('are told when their minute is over, though nothing else is said', () => {
    vi.useFakeTimers();
    try {
      const out: string[] = [];
      const log = createLogger({ level: 'info', format: 'text', write: (line) => out.push(line.slice(25)) });
      const begun = new Date().toISOString();
      for (let i = 0; i < 5; i++) log.warn('dropped', { sender: 'a', rows: i });
      vi.advanceTimersByTime(30_000);
      expect(out).toEqual(['warn  dropped sender=a rows=0\n']);
      vi.advanceTimersByTime(90_000);
      expect(out).toEqual(['warn  dropped sender=a rows=0\n', `warn  dropped sender=a rows=4 repeated=4 last=${begun}\n`]);
      vi.advanceTimersByTime(600_000);
      expect(out).toHaveLength(2);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  const clocked = (format: 'text' | 'json' = 'text') => {
    const clock = { ms: 0 };
    const out: string[] = [];
    return { clock, out, log: createLogger({ level: 'info', format, write: (line) => out.push(line.slice(25)), now: () => clock.ms }) };
  };

  test('of the same thing are written once a minute, and then how many were not', () => {
    const { clock, out, log } = clocked();
    for (let i = 0; i < 100; i++) log.with({ part: 'door' }).warn('dropped', { sender: 'a', rows: i });
    log.warn('dropped', { sender: 'b', rows: 1 });
    log.info('dropped', { sender: 'a' });
    log.info('dropped', { sender: 'a' });
    clock.ms = 59_999;
    log.warn('dropped', { part: 'door', sender: 'a', rows: 100 });
    expect(out).toEqual([
      'warn  dropped part=door sender=a rows=0\n',
      'warn  dropped sender=b rows=1\n',
      'info  dropped sender=a\n',
      'info  dropped sender=a\n',
    ]);
    out.length = 0;
    clock.ms = 60_000;
    log.info('anything');
    log.warn('dropped', { part: 'door', sender: 'a', rows: 101 });
    expect(out).toEqual([
      'warn  dropped part=door sender=a rows=100 repeated=100 last=1970-01-01T00:00:59.999Z\n',
      'info  anything\n',
      'warn  dropped part=door sender=a rows=101\n',
    ]);
  });

  test('are told apart by their error', () => {
    const { out, log } = clocked();
    for (const reason of ['x', 'y']) for (const code of ['stream.full', 'EACCES']) log.error('failed', { error: Object.assign(new Error(reason), { code }) });
    expect(out).toEqual(['error failed error=x\n', 'error failed error=x\n']);
  });

  test('of ever other things are bounded, and so are ever other messages', () => {
    const { clock, out, log } = clocked('json');
    for (let i = 0; i < 10_000; i++) log.warn('dropped', { sender: `s${i}` });
    expect(out).toHaveLength(20);
    for (let i = 0; i < 10_000; i++) log.warn(`message ${i}`);
    expect(out.length).toBeLessThan(600);
    out.length = 0;
    clock.ms = 60_000;
    log.info('x');
    expect(out).toHaveLength(3);
    expect(out[0]).toContain('"repeated":9501');
    expect(out[1]).toContain('"others":true,"repeated":9980');
  });

  test('are written again when the clock was put back', () => {
    const { clock, out, log } = clocked();
    clock.ms = 10_000_000;
    log.warn('x');
    clock.ms = 5_000_000;
    log.warn('x');
    expect(out).toEqual(['warn  x\n', 'warn  x\n']);
  });
});
