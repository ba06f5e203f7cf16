// The words of a line as terms (schemas/log-document.ts), a blank between two. Works on bytes; a text is made only of lines that are not ASCII or
// have very long words.
import type { Texts } from '../../../core/batch/texts.ts';
import { LONGEST_TOKEN, wordTerms } from '../../../schemas/log-document.ts';
import type { Bytes } from './json-bytes.ts';

const BLANK = 0x20;
const OUTSIDE = 1;
/** What a byte is: a letter or digit of ASCII, in lower case; 0, what words end at; or no ASCII. */
const KIND = Uint8Array.from({ length: 256 }, (_, code) => {
  if (code > 0x7f) return OUTSIDE;
  const lower = code >= 0x41 && code <= 0x5a ? code | BLANK : code;
  return (lower >= 0x61 && lower <= 0x7a) || (code >= 0x30 && code <= 0x39) ? lower : 0;
});
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export class WordBytes {
  #bytes: Uint8Array = new Uint8Array(1 << 16);
  #length = 0;

  begin(): void {
    this.#length = 0;
  }

  /** Words never go over from one text to the next. */
  add({ data, from, to }: Texts): void {
    this.#reserve(to - from + 1);
    const out = this.#bytes;
    const begun = this.#length;
    let at = begun;
    let word = at;
    for (let i = from; i <= to; i++) {
      const kind = i < to ? (KIND[data[i] as number] as number) : 0;
      if (kind > OUTSIDE) out[at++] = kind;
      else if (kind === OUTSIDE || at - word > LONGEST_TOKEN) {
        this.#length = begun;
        this.#addText(decoder.decode(data.subarray(from, to)));
        return;
      } else if (at > word) {
        out[at++] = BLANK;
        word = at;
      }
    }
    this.#length = at;
  }

  into(out: Bytes): void {
    out.put(this.#bytes.subarray(0, this.#length));
  }

  #addText(text: string): void {
    const bytes = Buffer.from(`${wordTerms(text)} `);
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}
