// What seals a session opens it, in whichever process; nothing else does, however it was changed.
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openSession, sealSession } from './session-token.ts';

const secret = randomBytes(32);
const session = { agent: 'a-9f', key: randomBytes(32), boot: 1_790_000_000_000n, since: 1_790_000_000_001, until: 1_790_003_600_000 };

test('a session is read by who has the key, and by nobody else', () => {
  const text = sealSession(session, secret);
  expect(openSession(text, secret)).toEqual(session);
  expect(openSession(text, randomBytes(32))).toBe(undefined);
  expect(sealSession(session, secret)).not.toBe(text);
});

test('one that is cut or changed anywhere is none; neither is anything else that somebody shows', () => {
  const text = sealSession(session, secret);
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.constantFrom(...'AZaz09-_'), (at, letter) => {
      const changed = `${text.slice(0, at)}${letter}${text.slice(at + 1)}`;
      // Of the last letter some bits say nothing.
      if (Buffer.from(changed, 'base64url').equals(Buffer.from(text, 'base64url'))) return;
      expect(openSession(changed, secret)).toBe(undefined);
      expect(openSession(text.slice(0, at), secret)).toBe(undefined);
    }),
  );
  fc.assert(fc.property(fc.string({ maxLength: 3000 }), (other) => void expect(openSession(other, secret)).toBe(undefined)));
});
