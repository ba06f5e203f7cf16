// What is done to log files between two looks of the agent, or while it is away, in every order: each line that stands on the disk in the end is
// told, and none twice. Real files; what is to be told is counted in the files themselves.
import { closeSync, copyFileSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, truncateSync } from 'node:fs';
import { afterEach, expect, test, vi } from 'vitest';
import { Followed, laterByFiles } from '../testing/followed.ts';

const NAME = 'app.log';
const HOURS = 3_600_000;
/** Fewer than are open at once, with all that becomes of them. */
const AT_ONCE = 60;

let logs: Followed;
afterEach(() => void vi.restoreAllMocks());

const shift = (path: string): void => {
  for (let n = 9; n > 0; n--) if (existsSync(`${path}.${n}`)) renameSync(`${path}.${n}`, `${path}.${n + 1}`);
};
const copyInPlace = (path: string): void => {
  copyFileSync(path, `${path}.1`);
  truncateSync(path);
};
const STEPS: Readonly<Record<string, (path: string) => void>> = {
  /** Renamed, as logrotate does. */
  r: (path) => {
    shift(path);
    renameSync(path, `${path}.1`);
    closeSync(openSync(path, 'a'));
  },
  /** The same with `copytruncate`. */
  c: (path) => {
    shift(path);
    copyInPlace(path);
  },
  /** Begun anew. */
  t: (path) => truncateSync(path),
  /** Renamed over the one before, of which nothing is kept. */
  o: (path) => {
    renameSync(path, `${path}.1`);
    closeSync(openSync(path, 'a'));
  },
  /** A script's `cp app.log app.log.1; : > app.log`. */
  p: copyInPlace,
};

const sequences = (letters: string, most: number): readonly string[] => {
  const all: string[] = [];
  let last = [''];
  for (let n = 1; n <= most; n++) {
    last = last.flatMap((before) => [...letters].map((letter) => before + letter));
    all.push(...last);
  }
  return all;
};

interface Line {
  readonly folder: string;
  n: number;
}

const write = (line: Line, count: number): void => {
  const lines = Array.from({ length: count }, () => `${line.folder} seq=${line.n++} ${'y'.repeat(40)}`);
  logs.write(`${line.folder}/${NAME}`, ...lines);
};

const onDisk = (folder: string): ReadonlySet<string> =>
  new Set(
    readdirSync(logs.path(folder)).flatMap((name) =>
      readFileSync(logs.path(`${folder}/${name}`), 'utf8')
        .split('\n')
        .filter((text) => text !== ''),
    ),
  );

/** Does the steps of each folder, one after the other for all folders; `.`: a look of the agent between two steps. */
const play = async (all: readonly Line[]): Promise<void> => {
  const most = Math.max(...all.map(({ folder }) => folder.length));
  for (let k = 0; k < most; k++) {
    await laterByFiles();
    for (const line of all) {
      const step = line.folder[k];
      if (step === undefined || step === '.') continue;
      STEPS[step]?.(logs.path(`${line.folder}/${NAME}`));
      write(line, 15);
    }
    if (all.some(({ folder }) => folder[k] === '.')) await logs.round(200);
  }
  await laterByFiles();
};

interface Wrong {
  readonly sequence: string;
  readonly lost: readonly string[];
  readonly twice: readonly string[];
}

const wrongOf = (all: readonly Line[]): readonly Wrong[] => {
  const told = new Map<string, number>();
  for (const body of logs.bodies) told.set(body, (told.get(body) ?? 0) + 1);
  const numbers = (lines: readonly string[]): readonly string[] => lines.map((text) => text.split(' ')[1] ?? '');
  return all.flatMap(({ folder }) => {
    const lost = numbers([...onDisk(folder)].filter((text) => !told.has(text)));
    const twice = numbers([...told].filter(([text, n]) => n > 1 && text.startsWith(`${folder} `)).map(([text]) => text));
    return lost.length + twice.length === 0 ? [] : [{ sequence: folder, lost, twice }];
  });
};

const setClock = (ms: number): void => {
  vi.restoreAllMocks();
  const real = Date.now.bind(Date);
  if (ms !== 0) vi.spyOn(Date, 'now').mockImplementation(() => real() + ms);
};

/** `whileAway`: the agent is killed before the steps and starts behind them. `aheadMs`: of the clock before the steps, which is right then. */
const run = async (all: readonly string[], { whileAway = false, aheadMs = 0, globs = [`/*/${NAME}`] }): Promise<readonly Wrong[]> => {
  const wrong: Wrong[] = [];
  for (let from = 0; from < all.length; from += AT_ONCE) {
    logs = new Followed();
    const lines: readonly Line[] = all.slice(from, from + AT_ONCE).map((folder) => ({ folder, n: 0 }));
    for (const line of lines) {
      mkdirSync(logs.path(line.folder));
      write(line, 15);
    }
    setClock(aheadMs);
    logs.start({ globs });
    await logs.round();
    await laterByFiles();
    if (whileAway) logs.tailer.close();
    setClock(0);
    await play(lines);
    if (whileAway) logs.start();
    for (let i = 0; i < 12; i++) await logs.round(3000);
    // What was told is known after another kill.
    logs.start();
    for (let i = 0; i < 3; i++) await logs.round(3000);
    wrong.push(...wrongOf(lines));
    logs.close();
  }
  return wrong;
};

const BOTH = [
  ['the patterns find the files only', [`/*/${NAME}`]],
  ['the patterns find what was rotated too', ['/*/*']],
] as const;

test.each(BOTH)('between two looks, %s', { timeout: 120_000 }, async (_, globs) => {
  expect(await run(sequences('crtpo', 3), { globs: [...globs] })).toEqual([]);
});

test.each(BOTH)('with a look between them, %s', { timeout: 120_000 }, async (_, globs) => {
  const parted = sequences('crtp', 3).flatMap((all) =>
    all.length < 2 ? [] : [`${all[0]}.${all.slice(1)}`, ...(all.length === 3 ? [`${all.slice(0, 2)}.${all[2]}`] : [])],
  );
  expect(await run(parted, { globs: [...globs] })).toEqual([]);
});

test.each(BOTH)('while the agent is away, %s', { timeout: 120_000 }, async (_, globs) => {
  expect(await run(sequences('crto', 3), { whileAway: true, globs: [...globs] })).toEqual([]);
});

test.each([
  ['ahead', 2 * HOURS],
  ['behind', -2 * HOURS],
])('after a clock that was %s was set right', { timeout: 120_000 }, async (_, aheadMs) => {
  for (const whileAway of [false, true]) expect(await run(sequences('crt', 2), { whileAway, aheadMs })).toEqual([]);
});

test.each([
  ['renamed', 'r'],
  ['copied and cut', 'c'],
])('a file that came while the agent was away, %s four times', { timeout: 60_000 }, async (_, how) => {
  logs = new Followed();
  logs.start({ globs: [`/*/${NAME}`] });
  mkdirSync(logs.path('known'));
  mkdirSync(logs.path('fresh'));
  logs.write(`known/${NAME}`, 'known');
  for (let i = 0; i < 3; i++) await logs.round();
  await laterByFiles();
  const told = Array.from({ length: 5 }, (__, i) => `fresh ${i}`);
  for (const [i, line] of told.entries()) {
    logs.write(`fresh/${NAME}`, line);
    await laterByFiles();
    if (i < 4) (STEPS[how] as (path: string) => void)(logs.path(`fresh/${NAME}`));
    await laterByFiles();
  }
  logs.start();
  for (let i = 0; i < 10; i++) await logs.round(3000);
  expect([...logs.bodies].sort()).toEqual([...told, 'known']);
  logs.close();
});
