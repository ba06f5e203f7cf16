// One entry as bytes becomes the text that is kept: valid UTF-8, without zero bytes, no longer than a bound. What was changed is marked.
import { isAscii, isUtf8 } from 'node:buffer';

/** Bytes of a line that are kept. */
export const MOST_LINE = 65_536;
/** Characters of a line that is not text. */
const MOST_BINARY = 1024;

export interface LineText {
  readonly body: string;
  readonly truncated: boolean;
  readonly binary: boolean;
  readonly invalid: boolean;
}

/** The bytes as text where they are nothing but plain ASCII, ends of lines, tabs and colours; undefined for all else. */
export const plainText = (bytes: Buffer): string | undefined => {
  if (!isAscii(bytes)) return undefined;
  const text = bytes.toString('latin1');
  return text.includes('\r') || CONTROL.test(text) ? undefined : text;
};

/** `more`: the line goes on behind these bytes. */
export const lineText = (bytes: Buffer, more: boolean): LineText => {
  const truncated = more || bytes.length > MOST_LINE;
  const kept = bytes.length > MOST_LINE ? bytes.subarray(0, characterEnd(bytes, MOST_LINE)) : bytes;
  const latin = kept.toString('latin1');
  if (CONTROL.test(latin) && isBinary(kept)) {
    const all = latin.replaceAll(/[^\t\n\x20-\x7e]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
    return { body: all.slice(0, MOST_BINARY), truncated: truncated || all.length > MOST_BINARY, binary: true, invalid: false };
  }
  if (isAscii(kept)) return { body: withPlainEnds(latin), truncated, binary: false, invalid: false };
  // What cannot be read becomes U+FFFD.
  return { body: withPlainEnds(kept.toString('utf8')), truncated, binary: false, invalid: !isUtf8(kept) };
};

const withPlainEnds = (text: string): string => (text.includes('\r\n') ? text.replaceAll('\r\n', '\n') : text);

/** Tabs, ends of lines and escapes (colours) are text. */
const CONTROL = new RegExp(
  `[${String.fromCharCode(0)}-${String.fromCharCode(8)}\\v\\f${String.fromCharCode(14)}-${String.fromCharCode(26)}${String.fromCharCode(28)}-${String.fromCharCode(31)}]`,
);

/** Holds a zero byte, or more than a tenth of it are other controls. */
const isBinary = (bytes: Uint8Array): boolean => {
  let count = 0;
  for (const b of bytes) {
    if (b === 0) return true;
    if (b < 0x20 && b !== 9 && b !== 10 && b !== 13 && b !== 0x1b) count++;
  }
  return count * 10 > bytes.length;
};

/** The last place at or before `at` that does not part a character. */
const characterEnd = (bytes: Uint8Array, at: number): number => {
  let end = at;
  while (end > at - 4 && ((bytes[end] as number) & 0xc0) === 0x80) end--;
  return end;
};
