// Settings from file, environment and command line: which wins, what is refused and how it is told, and that a wrong file changes nothing.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { MAX_BYTES } from '../../engines/stream/lmdb/open.ts';
import { INTAKE_LIMITS } from '../../ingest/limits.ts';
import { FOREVER_MS, RETENTION } from '../../schemas/retention.ts';
import { Configuration, type Sources } from './configuration.ts';
import { readSettingsText } from './file.ts';
import { liveIntakeLimits, liveRetention } from './live.ts';
import { ConfigError } from './problem.ts';
import { SETTING_NAMES, SETTINGS, type SettingName, variableOf } from './settings.ts';
import { readDuration, readSize, writeDuration, writeSize } from './units.ts';

const DAY = 86_400_000;
const folder = mkdtempSync(join(tmpdir(), 'inframirror-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'inframirror.yaml');

const configured = (text: string, sources: Partial<Sources> = {}): Configuration => {
  writeFileSync(file, text);
  return new Configuration({ options: new Map(), environment: {}, file, ...sources });
};
/** Each as `LINE problem`, or `PLACE problem` where it is not of the file. */
const problemsOf = (work: () => unknown): readonly string[] => {
  try {
    work();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ place, problem }) => `${place.replace(`${file}:`, '')} ${problem}`);
    throw error;
  }
  return [];
};
const wrong = (text: string, sources: Partial<Sources> = {}): readonly string[] => problemsOf(() => configured(text, sources));

describe('the file', () => {
  test('sets what it names; the rest keeps its default', () => {
    const { settings, places } = configured('retention:\n  logs: 60d\nlisten: "[::1]:9000"\nlimits:\n  intake:\n    series: 5000000\n');
    expect([settings['retention.logs'], settings['retention.samples'], settings.listen, settings['limits.intake.series']]).toEqual([
      60 * DAY,
      RETENTION.samples,
      '[::1]:9000',
      5_000_000,
    ]);
    expect([places.get('retention.logs'), places.get('retention.samples')]).toEqual([`${file}:2`, 'default']);
  });

  test('an unknown key is refused with its line and what was meant', () => {
    expect(wrong('retention:\n  samples: 15d\n  log: 3d\n')).toEqual(['3 there is no setting retention.log; did you mean logs?']);
    expect(wrong('retentoin:\n  logs: 3d\n')).toEqual(['1 there is no setting retentoin; did you mean retention?']);
    expect(wrong('logs: 3d\n')).toEqual(['1 there is no setting logs; did you mean log?']);
    expect(wrong('disk:\n  audit: 3d\n')).toEqual(['2 there is no setting disk.audit; did you mean retention.audit?']);
    expect(wrong('__proto__:\n  x: 1\nconstructor: 1\n')).toHaveLength(2);
  });

  test('everything that is wrong is told at once, each with its line', () => {
    expect(wrong('listen: nowhere\nretention:\n  logs: 15\n  events: 1h\n  audit:\nlimits: 5\nagent:\n  enabled: maybe\n  logs: /var/log\n')).toEqual([
      '1 listen: it must be HOST:PORT, such as 127.0.0.1:8080',
      '3 retention.logs: it must be a duration, such as 15d, 12h or 30s: the unit is missing',
      '4 retention.events: it must be at least 1d',
      '5 retention.audit: the value is missing',
      '6 limits must hold keys: intake, connections, query, stream',
      '8 agent.enabled: it must be true or false',
      '9 agent.logs: it must be a list of texts: [first, second]',
    ]);
  });

  test.each([
    ['a list', '- a\n', /^1 the file must hold keys/],
    ['a key twice', 'listen: :1\nlisten: :2\n', /^2 .*unique/],
    ['broken YAML', 'retention:\n  logs: [1,\n', /^\d+ /],
    ['two documents', 'listen: :1\n---\nlisten: :2\n', /^\d+ .*multiple documents/],
    ['an alias that is not there', 'data: *x\n', /^1 /],
    ['a bomb of aliases', `agent:\n  labels: &a {x: y}\n  logs: [${'*a, '.repeat(200)}*a]\n`, /^\d+ /],
  ])('%s is told, not thrown', (_, text, message) => expect(wrong(text)[0]).toMatch(message));

  test('one that is not there, is no text or too large is told', () => {
    expect(problemsOf(() => new Configuration({ options: new Map(), environment: {}, file: join(folder, 'none') }))[0]).toContain('there is no such file');
    writeFileSync(file, Uint8Array.of(0xff, 0xfe, 0));
    expect(problemsOf(() => new Configuration({ options: new Map(), environment: {}, file }))).toHaveLength(1);
    expect(wrong(`# ${'x'.repeat(1 << 20)}`)).toEqual([`${file} it has more than 1 MiB`]);
  });

  test('an empty one, and sections without keys, set nothing', () => {
    for (const text of ['', '# nothing\n', 'retention:\n  # logs: 3d\nlimits:\n  intake:\n'])
      expect(configured(text).settings['retention.logs']).toBe(RETENTION.logs);
  });

  test('a folder is meant from where the file stands', () => expect(configured('data: here\n').settings.data).toBe(join(folder, 'here')));

  test('no text makes it throw', () => {
    const word = fc.constantFrom(
      ...SETTING_NAMES.flatMap((name) => name.split('.')),
      '15d',
      '2GiB',
      ': ',
      '\n',
      '\n  ',
      '- ',
      '&a ',
      '*a',
      '"',
      "'",
      '{',
      '}',
      '|',
      '? ',
      '!!map',
      '#',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(word, { maxLength: 30 }).map((parts) => parts.join('')),
        ),
        (text) => {
          const { values, problems } = readSettingsText(text, 'f');
          for (const { place } of problems) expect(place).toMatch(/^f:[1-9]\d*$/);
          for (const name of values.keys()) expect(SETTINGS).toHaveProperty([name]);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

test('an option wins over the environment, that over the file; an empty variable is none', () => {
  const text = 'retention:\n  logs: 60d\n  events: 61d\nlisten: :1\n';
  const environment = { [variableOf('retention.logs')]: '70d', [variableOf('retention.events')]: '', INFRAMIRROR_LISTEN: ':2' };
  const { settings, places } = configured(text, { environment, options: new Map([['listen', { value: ':3', place: '--listen' }]]) });
  expect([settings['retention.logs'], settings['retention.events'], settings.listen]).toEqual([70 * DAY, 61 * DAY, ':3']);
  expect([places.get('retention.logs'), places.get('retention.events'), places.get('listen')]).toEqual(['INFRAMIRROR_RETENTION_LOGS', `${file}:3`, '--listen']);
});

test('variables hold what the file could', () => {
  const environment = {
    INFRAMIRROR_AGENT_LABELS: '{role: web}',
    INFRAMIRROR_AGENT_LOGS: '[/a, /b]',
    INFRAMIRROR_AGENT_ENABLED: 'false',
    INFRAMIRROR_LIMITS_INTAKE_SERIES: '5000',
    INFRAMIRROR_LOG: 'debug',
  };
  const { settings } = configured('', { environment });
  expect([settings['agent.labels'], settings['agent.logs'], settings['agent.enabled'], settings['limits.intake.series'], settings['log.level']]).toEqual([
    { role: 'web' },
    ['/a', '/b'],
    false,
    5000,
    'debug',
  ]);
  expect(wrong('', { environment: { INFRAMIRROR_LOG: 'loud' } })).toEqual(['INFRAMIRROR_LOG log.level: it must be one of debug, info, warn, error']);
});

test('a mask of the agent that masks nothing is told', () => {
  expect(configured('agent:\n  masks: ["ticket=*"]\n').settings['agent.masks']).toEqual(['ticket=*']);
  expect(wrong('agent:\n  masks: [ticket]\n')).toEqual(['2 agent.masks: "ticket": it holds no * for what is to be masked']);
});

test('a value that does not fit is told with the key or the entry that it stands at', () => {
  expect(wrong('agent:\n  labels: {role: web, rack: 5}\n  logs: [/a, 7]\nretention:\n  logs: 400y\n  events: 99999w\n')).toEqual([
    '2 agent.labels: rack: it must be a text, in quotes where it is a number or true',
    '3 agent.logs: entry 2: it must be a text',
    '5 retention.logs: it must be a duration, such as 15d, 12h or 30s',
    '6 retention.events: it is longer than can be counted; write forever to keep all',
  ]);
});

describe('what is probably not as it was meant', () => {
  const warnings = (text: string, environment: Readonly<Record<string, string>> = {}): readonly string[] =>
    configured(text, { environment }).warnings.map(({ place, problem }) => `${place.replace(`${file}:`, '')} ${problem}`);

  test('a variable that sets nothing is told; those of commands and of Kubernetes’ services are none of ours', () => {
    expect(
      warnings('', { INFRAMIRROR_RETENTOIN_LOGS: '3d', INFRAMIRROR_XYZ: '1', INFRAMIRROR_NONE: '', OTHER: '1', INFRAMIRROR_RETENTION_LOGS: '3d' }),
    ).toEqual([
      'INFRAMIRROR_RETENTOIN_LOGS there is no such setting; did you mean INFRAMIRROR_RETENTION_LOGS?',
      'INFRAMIRROR_XYZ there is no such setting; `inframirror config example` has them all',
    ]);
    const foreign = [
      'CONFIG',
      'SERVER',
      'DATA',
      'LISTEN',
      'LOG',
      'PORT',
      'PORT_8080_TCP_ADDR',
      'SERVICE_HOST',
      'SERVICE_PORT_HTTP',
      'AGENT_SERVICE_HOST',
      'AGENT_PORT',
    ];
    const values: Readonly<Record<string, string>> = { LOG: 'info', LISTEN: ':1' };
    expect(warnings('', Object.fromEntries(foreign.map((name) => [`INFRAMIRROR_${name}`, values[name] ?? 'x'])))).toEqual([]);
  });

  test('what is put together and kept for less time than what it is made of', () => {
    expect(warnings('')).toEqual([]);
    expect(warnings('retention:\n  samples: 30d\n  rollups_5m: 10d\n')).toEqual([
      '3 retention.rollups_5m is 10d, less than retention.samples with 30d: it serves the time after that, and so nothing; set it to 30d or more',
    ]);
    expect(warnings('retention:\n  samples: forever\n')[0]).toMatch(/^2 retention\.rollups_5m is 365d, less than retention\.samples with forever/);
    expect(warnings('retention:\n  rollups_1h: 100d\n')).toEqual([
      expect.stringMatching(/^2 retention\.rollups_1h is 100d, less than retention\.rollups_5m with 365d/),
    ]);
  });

  test('is told anew when the settings are read again', () => {
    const configuration = configured('');
    writeFileSync(file, 'retention:\n  rollups_1h: 100d\n');
    configuration.reload();
    expect(configuration.warnings).toHaveLength(1);
  });
});

describe('what is said to take effect at once', () => {
  /** Another value than the default of each. */
  const changed = (name: SettingName): unknown => {
    const { fallback } = SETTINGS[name] as { readonly fallback: unknown };
    return typeof fallback === 'number' ? fallback + 1 : `${String(fallback)}.`;
  };
  test('is what the rooms read whenever they need it', () => {
    for (const name of SETTING_NAMES.filter((one) => /^(retention|limits\.intake)\./.test(one))) {
      const settings = { ...configured('').settings };
      const rooms = [liveRetention(() => settings), liveIntakeLimits(() => settings)];
      const before = JSON.stringify(rooms.map((room) => ({ ...room })));
      Object.assign(settings, { [name]: changed(name) });
      expect([name, JSON.stringify(rooms.map((room) => ({ ...room }))) !== before]).toEqual([name, SETTINGS[name].live]);
    }
  });

  test('the guide names those that do not, and no other', () => {
    const guide = readFileSync(join(import.meta.dirname, '../../docs/guide/settings.md'), 'utf8').replaceAll(/\s+/g, ' ');
    const [, told = ''] = /These wait for the next start: ([^.]*(?:\.[a-z_*][^.]*)*)\. /.exec(guide) ?? [];
    const named = Array.from(told.matchAll(/`([a-z_.]+(?:\*)?)`/g), ([, name = '']) => name);
    expect(named).not.toEqual([]);
    const fits = (name: SettingName): boolean => named.some((one) => one === name || (one.endsWith('.*') && name.startsWith(one.slice(0, -1))));
    expect(SETTING_NAMES.filter(fits)).toEqual(SETTING_NAMES.filter((name) => !SETTINGS[name].live));
  });
});

describe('reading again', () => {
  test('brings into force what can be, and names what waits for a start', () => {
    const configuration = configured('retention:\n  logs: 60d\nlisten: :1\n');
    const [kept, limits] = [liveRetention(() => configuration.settings), liveIntakeLimits(() => configuration.settings)];
    expect([kept.logs, limits.ageMs.logs]).toEqual([60 * DAY, 60 * DAY]);
    writeFileSync(file, 'retention:\n  logs: 7d\nlisten: :2\nlimits:\n  intake:\n    request: 1MiB\n    frame: 2MiB\n');
    expect(configuration.reload()).toEqual({ changed: ['retention.logs', 'limits.intake.request', 'limits.intake.frame'], waiting: ['listen'] });
    expect([kept.logs, limits.ageMs.logs, limits.requestBytes, limits.frame.bytes, configuration.settings.listen]).toEqual([
      7 * DAY,
      7 * DAY,
      1 << 20,
      2 << 20,
      ':1',
    ]);
    expect(configuration.reload()).toEqual({ changed: [], waiting: ['listen'] });
  });

  test('of a wrong file changes nothing', () => {
    const configuration = configured('retention:\n  logs: 60d\n');
    writeFileSync(file, 'retention:\n  logs: 7d\n  event: 3d\n');
    expect(problemsOf(() => configuration.reload())).toEqual(['3 there is no setting retention.event; did you mean events?']);
    expect(configuration.settings['retention.logs']).toBe(60 * DAY);
    expect(configuration.refused?.message).toContain('did you mean events?');
    writeFileSync(file, 'retention:\n  logs: 7d\n');
    configuration.reload();
    expect(configuration.refused).toBeUndefined();
  });
});

test('units are read as they are written', () => {
  expect(['15d', '1w', '1.5h', '90 m', '250ms', 'forever'].map(readDuration)).toEqual([15 * DAY, 7 * DAY, 5_400_000, 5_400_000, 250, FOREVER_MS]);
  expect(['15', '15D', '-1d', '1e3d', 'd', '', '1y', '0.0001ms'].map(readDuration)).toEqual(Array.from({ length: 8 }, () => undefined));
  expect(['2GiB', '1.5 GiB', '1kB', '10B'].map(readSize)).toEqual([2 ** 31, 1.5 * 2 ** 30, 1000, 10]);
  fc.assert(fc.property(fc.integer({ min: 0, max: FOREVER_MS - 1 }), (ms) => readDuration(writeDuration(ms)) === ms));
  fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 50 }), (bytes) => readSize(writeSize(bytes)) === bytes));
});

test('the defaults are those of the rooms they stand for', () => {
  const { settings } = configured('');
  expect(liveRetention(() => settings)).toEqual(RETENTION);
  expect(liveIntakeLimits(() => settings)).toEqual(INTAKE_LIMITS);
  expect(settings['limits.stream']).toBe(MAX_BYTES);
});
