// The id of a series against the same said plainly: each part with its length in bytes, by an encoder, in the order of code points.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seriesId } from './series-id.ts';

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();

const plainly = (name: string, labels: ReadonlyMap<string, string>): bigint => {
  const points = (text: string): readonly number[] => Array.from(text, (c) => c.codePointAt(0) as number);
  const keys = [...labels.keys()].filter((key) => labels.get(key) !== '');
  keys.sort((a, b) => {
    const [x, y] = [points(a), points(b)];
    const at = x.findIndex((point, i) => point !== y[i]);
    return at === -1 ? x.length - y.length : (x[at] as number) - (y[at] ?? -1);
  });
  const parts = [name, ...keys.flatMap((key) => [key, labels.get(key) as string])];
  const text = parts.map((part) => `${Buffer.byteLength(part)}:${part}`).join('');
  return createHash('sha256').update(text, 'utf8').digest().readBigUInt64BE();
};

test('any name and labels, whole characters and halves of them', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 6 }),
    fc.stringMatching(/^[a-z.]{1,4}$/),
    fc.constantFrom('\ud83d\ude00', '\ud83d', '\ude00', '\uff5e', 'é', '﷐', ''),
  );
  fc.assert(
    fc.property(text, fc.array(fc.tuple(text, text), { maxLength: 8 }), (name, labels) => {
      expect(seriesId(name, new Map(labels), sha256)).toBe(plainly(name, new Map(labels)));
    }),
    { numRuns: 2000 },
  );
});
