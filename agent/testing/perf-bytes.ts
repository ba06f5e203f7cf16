// Writes what `agent/jvm/perf-data.ts` reads, as HotSpot does, in either order of bytes; for tests.

export interface PerfBytesOptions {
  readonly isBig?: boolean;
  /** Of the file; what is not used is zero. */
  readonly size?: number;
}

export const perfBytes = (counters: Iterable<readonly [string, number | bigint | string]>, { isBig = false, size = 0 }: PerfBytesOptions = {}): Buffer => {
  const entries = Array.from(counters, ([name, value]) => {
    const text = typeof value === 'string' ? Buffer.from(`${value}\0`) : undefined;
    const nameBytes = Buffer.from(`${name}\0`);
    const data = text === undefined ? Math.ceil((20 + nameBytes.length) / 8) * 8 : 20 + nameBytes.length;
    const bytes = Buffer.alloc(Math.ceil((data + (text?.length ?? 8)) / 8) * 8);
    const int = (at: number, n: number): unknown => (isBig ? bytes.writeInt32BE(n, at) : bytes.writeInt32LE(n, at));
    for (const [i, n] of [bytes.length, 20, text?.length ?? 0].entries()) int(i * 4, n);
    bytes.set([text === undefined ? 0x4a : 0x42, 1, text === undefined ? 1 : 5, 1], 12);
    int(16, data);
    nameBytes.copy(bytes, 20);
    if (text !== undefined) text.copy(bytes, data);
    else if (isBig) bytes.writeBigInt64BE(BigInt(value), data);
    else bytes.writeBigInt64LE(BigInt(value), data);
    return bytes;
  });
  const header = Buffer.alloc(32);
  const int = (at: number, n: number): unknown => (isBig ? header.writeInt32BE(n, at) : header.writeInt32LE(n, at));
  header.writeUInt32BE(0xcafec0c0);
  header.set([isBig ? 0 : 1, 2, 0, 1], 4);
  const used = 32 + entries.reduce((sum, { length }) => sum + length, 0);
  int(8, used);
  int(24, 32);
  int(28, entries.length);
  const whole = Buffer.concat([header, ...entries]);
  return Buffer.concat([whole, Buffer.alloc(Math.max(0, size - whole.length))]);
};
