// Where in a stretch of bytes a secret may stand: looked for once for all lines of it, so that those without any, which are nearly all, are not
// searched one by one. It finds too many rather than too few, and changes nothing.

/**
 * Letters in either case. Whatever `mask.ts` looks for holds one of them, wherever it stands; `key` is of all names that end with it.
 * None is shorter than three.
 */
const NEEDLES = [
  ...['pass', 'pwd', 'secret', 'token', 'credential', 'authorization', 'key', 'cookie', 'fied ', 'fied\t', 'bearer ', 'basic ', '://', '-----begin '],
  ...['akia', 'asia', 'ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_', 'github_pat_', 'glpat-', '_live_', 'aiza', 'npm_', 'ij1.', 'eyj', 'xox'],
  ...['mysql', 'mariadb', 'curl ', 'curl\t', 'sshpass', 'redis-cli', 'ldap'],
];

/** A byte as one of 64, so that the table of pairs is small. */
const SIGNS = 63;
const FOLD = Uint8Array.from({ length: 256 }, (_, code) => (code >= 0x41 && code <= 0x5a ? code + 0x20 : code));

/** By the two bytes behind a place: how far the next place is at which a needle may begin; 0: here (Wu and Manber, 1994). */
const STEPS = new Uint8Array(4096).fill(2);
/** By the last five bits of three bytes: the needles that may begin with them, as a place in a list; 0: none. */
const BEGINNINGS = new Uint8Array(32_768);
const GROUPS: Uint8Array[][] = [[]];
const cases = (code: number): readonly number[] => (code >= 0x61 && code <= 0x7a ? [code, code - 0x20] : [code]);
for (const needle of NEEDLES) {
  const bytes = new TextEncoder().encode(needle);
  const [a, b, c] = bytes as unknown as [number, number, number];
  const beginning = ((a & 31) << 10) | ((b & 31) << 5) | (c & 31);
  const group = BEGINNINGS[beginning] as number;
  if (group === 0) BEGINNINGS[beginning] = GROUPS.push([bytes]) - 1;
  else (GROUPS[group] as Uint8Array[]).push(bytes);
  for (const [first, second, steps] of [
    [a, b, 1],
    [b, c, 0],
  ] as const)
    for (const high of cases(first))
      for (const low of cases(second)) {
        const pair = ((high & SIGNS) << 6) | (low & SIGNS);
        STEPS[pair] = Math.min(STEPS[pair] as number, steps);
      }
}

export class Suspects {
  #places = new Int32Array(64);
  #count = 0;
  #at = 0;

  /** Forgets what it found in another stretch. */
  scan(bytes: Uint8Array): void {
    this.#count = 0;
    this.#at = 0;
    const end = bytes.length - 2;
    for (let at = 0; at < end; ) {
      const steps = STEPS[(((bytes[at + 1] as number) & SIGNS) << 6) | ((bytes[at + 2] as number) & SIGNS)] as number;
      if (steps !== 0) at += steps;
      else {
        if (isNeedle(bytes, at)) this.#add(at);
        at++;
      }
    }
  }

  /** Whether a secret may begin in `[from, to)`. Quick where each asks for what lies behind the one before. */
  isIn(from: number, to: number): boolean {
    if (this.#at > 0 && (this.#places[this.#at - 1] as number) >= from) this.#at = 0;
    while (this.#at < this.#count && (this.#places[this.#at] as number) < from) this.#at++;
    return this.#at < this.#count && (this.#places[this.#at] as number) < to;
  }

  #add(place: number): void {
    if (this.#count === this.#places.length) {
      const grown = new Int32Array(this.#count * 2);
      grown.set(this.#places);
      this.#places = grown;
    }
    this.#places[this.#count++] = place;
  }
}

const isNeedle = (bytes: Uint8Array, at: number): boolean => {
  const group = BEGINNINGS[(((bytes[at] as number) & 31) << 10) | (((bytes[at + 1] as number) & 31) << 5) | ((bytes[at + 2] as number) & 31)] as number;
  if (group === 0) return false;
  const needles = GROUPS[group] as readonly Uint8Array[];
  for (let i = 0; i < needles.length; i++) {
    const needle = needles[i] as Uint8Array;
    // Its rest tells more than its beginning, by which it was chosen.
    let same = needle.length - 1;
    while (same >= 0 && FOLD[bytes[at + same] as number] === needle[same]) same--;
    if (same < 0) return true;
  }
  return false;
};
