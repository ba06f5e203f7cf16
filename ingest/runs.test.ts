// Tests of what is a repeat, what is refused, and what a restart of the server leaves of that.
import { describe, expect, test } from 'vitest';
import { FRAME_LIMITS } from '../schemas/frame.ts';
import { printOf } from './parts.ts';
import { type RunPart, Runs, type SenderPlace } from './runs.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
const part = (seq: number, text = `rows ${seq}`): RunPart => ({ seq: BigInt(seq), print: printOf(new TextEncoder().encode(text)) });

const runs = (known: ReadonlyMap<string, SenderPlace> = new Map(), isWhole = true) => {
  const under = new Runs({ known: (sender) => known.get(sender), isWhole: () => isWhole });
  const told = (boot: bigint, parts: readonly RunPart[], sender = 'a'): string => {
    try {
      under.meet(sender, boot, parts, NOW, known.get(sender))();
      return 'taken';
    } catch (error) {
      const { code, parameters } = error as { readonly code: string; readonly parameters: unknown };
      return `${code} ${JSON.stringify(parameters)}`;
    }
  };
  return { under, told };
};

describe('runs of senders', () => {
  test('what follows is taken, what comes again is too, and other rows under its seq are not', () => {
    const { told } = runs();
    expect(told(7n, [part(1), part(2)])).toBe('taken');
    expect(told(7n, [part(3)])).toBe('taken');
    expect(told(7n, [part(3)])).toBe('taken');
    // Cut anew, but the same parts.
    expect(told(7n, [part(2), part(3), part(4)])).toBe('taken');
    expect(told(7n, [part(3, 'others')])).toBe(`intake.older-seq {"seq":"3","acknowledged":"4","next":"${NOW}"}`);
    expect(told(7n, [part(0)])).toBe(`intake.older-seq {"seq":"0","acknowledged":"4","next":"${NOW}"}`);
    expect(told(7n, [part(5)])).toBe('taken');
    expect(told(7n, [part(3, 'others')], 'b')).toBe('taken');
  });

  test('an older run is refused but for what was acknowledged of it, and told which number is free', () => {
    const { told } = runs();
    expect(told(BigInt(NOW) + 5n, [part(1)])).toBe('taken');
    expect(told(7n, [part(1)])).toBe(`intake.older-run {"sent":"7","boot":"${NOW + 5}","next":"${NOW + 6}"}`);
    expect(told(BigInt(NOW) + 6n, [part(1)])).toBe('taken');
    expect(told(BigInt(NOW) + 5n, [part(1)])).toBe('taken');
    expect(told(BigInt(NOW) + 5n, [part(2)])).toContain('intake.older-run');
  });

  test('a run numbered more than a day ahead is refused and shuts nobody out', () => {
    const { told } = runs();
    expect(told(2n ** 64n - 1n, [part(1)])).toBe(`intake.future-run {"boot":"${2n ** 64n - 1n}","next":"${NOW}"}`);
    expect(told(BigInt(NOW + 86_400_001), [part(1)])).toContain('intake.future-run');
    expect(told(BigInt(NOW + 86_400_000), [part(1)])).toBe('taken');
    expect(told(BigInt(NOW + 86_400_000), [part(2)])).toBe('taken');
  });

  test('a run that stands a day ahead, as a clock was wrong, is followed up by the number that is told', () => {
    const ahead = BigInt(NOW + 1.5 * 86_400_000);
    const { told } = runs(new Map([['a', { boot: ahead, seq: 9n }]]));
    expect(told(BigInt(NOW), [part(10)])).toBe(`intake.older-run {"sent":"${NOW}","boot":"${ahead}","next":"${ahead + 1n}"}`);
    expect(told(ahead, [part(10)])).toBe('taken');
    expect(told(ahead + 1n, [part(1)])).toBe('taken');
    expect(told(ahead + 2000n, [part(1)])).toContain('intake.future-run');
  });

  test('after a restart knows what the pipeline has taken: older runs are refused, possible repeats go on to the workers', () => {
    const { told } = runs(
      new Map([
        ['a', { boot: 200n, seq: 9n }],
        ['hostile', { boot: 2n ** 64n - 1n, seq: 1n }],
      ]),
    );
    expect(told(100n, [part(10)])).toContain('intake.older-run');
    expect(told(200n, [part(12)])).toBe('taken');
    // The server before may have acknowledged it, and the pipeline not taken it yet.
    expect(told(200n, [part(11)])).toBe('taken');
    expect(told(200n, [part(9, 'cannot be told')])).toBe('taken');
    expect(told(200n, [part(12, 'others')])).toContain('intake.older-seq');
    expect(told(201n, [part(1)])).toBe('taken');
    expect(told(200n, [part(12)])).toBe('taken');
    expect(told(5n, [part(1)], 'hostile')).toBe('taken');
  });

  test('after a restart other rows under a seq that was taken are refused, and what comes again is not', () => {
    const prints = [7, 8, 9].flatMap((seq) => [seq, part(seq).print]);
    const { told } = runs(new Map([['a', { boot: 200n, seq: 9n, prints }]]));
    expect(told(200n, [part(9, 'others')])).toContain('"seq":"9","acknowledged":"9"');
    expect(told(200n, [part(9)])).toBe('taken');
    expect(told(200n, [part(7), part(8, 'others'), part(9)])).toContain('intake.older-seq');
    // Not known any more: only with the rest of its frame.
    expect(told(200n, [part(6)])).toContain('intake.older-seq');
    expect(told(200n, [part(6), part(7)])).toBe('taken');
    expect(told(200n, [part(9), part(10)])).toBe('taken');
    expect(told(200n, [part(10, 'others')])).toContain('intake.older-seq');
  });

  test('one part that is known speaks for no others that were acknowledged in this start and are forgotten', () => {
    const { told } = runs();
    const most = 2 * FRAME_LIMITS.parts + 100;
    for (let seq = 1; seq <= most; seq++) told(7n, [part(seq)]);
    const others = (from: number, to: number): readonly RunPart[] => Array.from({ length: to - from + 1 }, (_, i) => part(from + i, 'others'));
    expect(told(7n, [part(50, 'others'), part(most)])).toContain('intake.older-seq');
    // Up to the oldest of which the print stands.
    expect(told(7n, [...others(90, 100), part(101)])).toContain('"seq":"90"');
    expect(told(7n, [part(100, 'others'), part(101)])).toContain('intake.older-seq');
    // The last frame of an agent is known whole, however many parts it has.
    expect(
      told(
        7n,
        Array.from({ length: FRAME_LIMITS.parts }, (_, i) => part(most - FRAME_LIMITS.parts + 1 + i)),
      ),
    ).toBe('taken');
  });

  test('after a restart a part that is known speaks for those beside it in its frame, and only of the last one', () => {
    const frame = (from: number, to: number): readonly RunPart[] => Array.from({ length: to - from + 1 }, (_, i) => part(from + i));
    const prints = [20, 297, 299, 300].flatMap((seq) => [seq, part(seq).print]);
    // What is taken is known from then on: each asks anew.
    const told = (...parts: readonly RunPart[]): string => runs(new Map([['a', { boot: 200n, seq: 300n, prints }]])).told(200n, parts);
    expect(told(...frame(300 - FRAME_LIMITS.parts + 1, 300))).toBe('taken');
    // The parts of one topic came further than those of the other; new ones may follow.
    expect(told(...frame(290, 302))).toBe('taken');
    expect(told(part(298), part(299))).toBe('taken');
    expect(told(part(20))).toBe('taken');
    expect(told(part(240), part(300))).toContain('"seq":"240"');
    expect(told(part(290), part(292), part(300))).toContain('"seq":"290"');
    expect(told(part(19), part(20))).toContain('"seq":"19"');
    expect(told(part(298))).toContain('"seq":"298"');
    // Parts of a schema that is not known come last.
    expect(told(part(300), part(299), part(298), part(296))).toContain('"seq":"296"');
    expect(told(part(300), part(299), part(297), part(296), part(298))).toBe('taken');
  });

  test('of an earlier run only what comes again is taken', () => {
    const { told } = runs();
    for (let seq = 1; seq < 200; seq++) told(7n, [part(seq)]);
    expect(told(8n, [part(1)])).toBe('taken');
    expect(told(7n, [part(199)])).toBe('taken');
    expect(told(7n, [part(190), part(191)])).toBe('taken');
    expect(told(7n, [part(199, 'others')])).toContain('intake.older-run');
    expect(told(7n, [part(100)])).toContain('intake.older-run');
    expect(told(7n, [part(200)])).toContain('intake.older-run');
    expect(told(8n, [part(1, 'others')])).toContain('intake.older-seq');
  });

  test('after a restart, while the pipeline is behind, what lies before the first part of a run may be a repeat', () => {
    const { told } = runs(new Map(), false);
    expect(told(7n, [part(10)])).toBe('taken');
    expect(told(7n, [part(5)])).toBe('taken');
    // One that came again was met first; between lies what was acknowledged before.
    expect(told(7n, [part(13)])).toBe('taken');
    expect(told(7n, [part(11)])).toBe('taken');
    expect(told(7n, [part(14)])).toBe('taken');
    expect(told(7n, [part(13, 'others')])).toContain('intake.older-seq');
    for (let seq = 15; seq < 700; seq++) told(7n, [part(seq)]);
    expect(told(7n, [part(20)])).toContain('intake.older-seq');
  });

  test('what was not safe was not met', () => {
    const { under, told } = runs();
    under.meet('a', 9n, [part(1)], NOW, undefined);
    expect(told(8n, [part(1)])).toBe('taken');
  });

  test('frames of one sender take turns; those of others do not wait', async () => {
    const { under } = runs();
    const order: string[] = [];
    const { promise: flushed, resolve: flush } = Promise.withResolvers<void>();
    const turn = (sender: string, name: string, until?: Promise<void>): Promise<void> =>
      under.inTurn(sender, async () => {
        await until;
        order.push(name);
      });
    const turns = [turn('a', 'a0', flushed), ...[1, 2, 3, 4].map((n) => turn('a', `a${n}`))];
    await expect(turn('a', 'a5')).rejects.toMatchObject({ code: 'intake.busy' });
    await turn('b', 'b');
    flush();
    await Promise.all(turns);
    expect(order).toEqual(['b', 'a0', 'a1', 'a2', 'a3', 'a4']);
    await expect(under.inTurn('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await turn('a', 'a6');
  });
});
