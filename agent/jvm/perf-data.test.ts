// The reader of performance counters against real JVMs and the JDK's own reader of them, and against bytes that are cut, changed or made up.
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../../test/support/need.ts';
import { findJdks, JDKS_MISSING, type Jdk, Jvms } from '../testing/java.ts';
import { perfBytes } from '../testing/perf-bytes.ts';
import { type PerfData, parsePerfData } from './perf-data.ts';

const seed = Date.now() & 0x7fffffff;
const numRuns = 2000;
const WHOLE = perfBytes([
  ['sun.rt.safepoints', 7],
  ['java.property.java.version', '25.0.3'],
  ['sun.gc.generation.0.space.0.used', 2n ** 40n],
  ['sun.rt.javaCommand', 'Shop --größe "3 m"'],
]);
const READ: PerfData = new Map<string, number | string>([
  ['sun.rt.safepoints', 7],
  ['java.property.java.version', '25.0.3'],
  ['sun.gc.generation.0.space.0.used', 2 ** 40],
  ['sun.rt.javaCommand', 'Shop --größe "3 m"'],
]);

test('numbers and texts of any names are read, in either order of bytes and with room behind them', () => {
  console.log(`seed ${seed}`);
  const text = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((t) => t.isWellFormed() && !t.includes('\0') && !t.startsWith('\ufeff'));
  fc.assert(
    fc.property(fc.array(fc.tuple(text, fc.oneof(text, fc.maxSafeInteger())), { maxLength: 20 }), fc.boolean(), fc.nat(5000), (counters, isBig, size) => {
      expect(parsePerfData(perfBytes(counters, { isBig, size }))).toEqual(new Map(counters));
    }),
    { seed },
  );
});

test('cut anywhere it is not read', () => {
  for (let length = 0; length < WHOLE.length; length++) expect(parsePerfData(WHOLE.subarray(0, length)), `${length} bytes`).toBeUndefined();
  expect(parsePerfData(WHOLE)).toEqual(READ);
});

test.each([
  ['another file', 0, [0xca, 0xfe, 0xba, 0xbe]],
  ['version 3', 5, [3]],
  ['not made yet', 7, [0]],
  ['more used than there is', 8, [255, 255, 0, 0]],
  ['a negative place of entries', 24, [255, 255, 255, 255]],
  ['more entries than there are', 28, [255, 255, 255, 127]],
  ['a negative number of entries', 28, [255, 255, 255, 255]],
  ['an entry of no length', 32, [0, 0, 0, 0]],
  ['an entry of a negative length', 32, [255, 255, 255, 255]],
  ['an entry beyond the end', 32, [0, 0, 1, 0]],
  ['a name before its entry', 36, [240, 255, 255, 255]],
  ['a name beyond its entry', 36, [0, 1, 0, 0]],
  ['a negative length of a value', 40, [255, 255, 255, 255]],
  ['a value before its entry', 48, [0, 0, 0, 0]],
  ['a value beyond its entry', 48, [0, 0, 0, 1]],
])('not read: %s', (_, at, bytes) => {
  const changed = Buffer.from(WHOLE);
  changed.set(bytes, at);
  expect(parsePerfData(changed)).toBeUndefined();
});

test('changed anywhere, or of noise, it is read or not, and never more than there is', () => {
  console.log(`seed ${seed}`);
  const hostile = fc.oneof(
    fc.array(fc.tuple(fc.nat(WHOLE.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }).map((changes) => {
      const changed = Buffer.from(WHOLE);
      for (const [at, byte] of changes) changed[at] = byte;
      return changed;
    }),
    // Behind a sound header.
    fc.uint8Array({ maxLength: 300 }).map((noise) => Buffer.concat([WHOLE.subarray(0, 32), noise])),
    fc.uint8Array({ maxLength: 100 }),
  );
  fc.assert(
    fc.property(hostile, (bytes) => {
      const found = parsePerfData(bytes);
      let characters = 0;
      for (const [name, value] of found ?? []) characters += name.length + (typeof value === 'string' ? value.length : 8);
      expect(characters).toBeLessThanOrEqual(bytes.length * 2);
    }),
    { seed, numRuns },
  );
});

describeWith('real JVMs', findJdks(), JDKS_MISSING, (jdks) => {
  const jvms = new Jvms();
  beforeAll(() => jvms.compile(jdks[0] as Jdk));
  afterAll(() => jvms.close());
  const each = jdks.flatMap((jdk) => ['G1', 'Serial', 'Parallel', 'Z'].map((collector) => [jdk.major, collector, jdk] as const));

  test.each(each)('of Java %i with %s are read as the JDK reads them', async (_, collector, jdk) => {
    const jvm = await jvms.start(jdk, [`-XX:+Use${collector}GC`], ['--port=80']);
    const theirs = await jvm.counters();
    const bytes = readFileSync(`/tmp/hsperfdata_${userInfo().username}/${jvm.pid}`);
    const ours = parsePerfData(bytes) as PerfData;
    await jvm.end();
    // Theirs beginning so are of the header.
    expect([...ours.keys()].sort()).toEqual([...theirs.keys()].filter((name) => !name.startsWith('sun.perfdata.')).sort());
    // What does not change while both read.
    for (const name of ['sun.rt.createVmBeginTime', 'sun.os.hrt.frequency', 'sun.gc.generation.1.maxCapacity'])
      expect(theirs.get(name), name).toBe(String(ours.get(name)));
    for (const name of ['sun.rt.javaCommand', 'java.rt.vmArgs', 'java.property.java.vm.name', 'java.property.java.version', 'sun.gc.generation.1.name'])
      expect(theirs.get(name), name).toBe(JSON.stringify(ours.get(name)));
    expect(ours.get('sun.rt.javaCommand')).toBe('Shop --port=80');
    expect(ours.get('java.property.java.version')).toBe(jdk.version);
    // A real one that is cut at each byte, also where its header says that this is all.
    const used = bytes.readInt32LE(8);
    const believed: number[] = [];
    for (let cut = 0; cut < used; cut++) {
      if (parsePerfData(bytes.subarray(0, cut)) !== undefined) believed.push(cut);
      const said = Buffer.from(bytes.subarray(0, Math.max(32, cut)));
      said.writeInt32LE(cut, 8);
      if (parsePerfData(said) !== undefined) believed.push(cut);
    }
    expect(believed).toEqual([]);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, byte) => {
        const changed = Buffer.from(bytes);
        changed[at] = byte;
        parsePerfData(changed);
      }),
      { seed, numRuns: 200 },
    );
  });
});
