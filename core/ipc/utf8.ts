// Whether bytes are well-formed UTF-8, without making a string of them.

const NO_WORDS = new Int32Array(0);

/** Checks `from` up to, not including, `to`, as the Unicode standard's table 3-7 has it (no surrogates, no over-long forms). */
const isUtf8 = (data: Uint8Array, from: number, to: number): boolean => {
  // Four bytes of plain ASCII at a time: this is where the check of a whole buffer spends its life.
  const aligned = from + ((4 - ((data.byteOffset + from) & 3)) & 3);
  const words = to - from < 8 ? NO_WORDS : new Int32Array(data.buffer, data.byteOffset + aligned, (to - aligned) >> 2);
  let i = from;
  while (i < to) {
    if (((i - aligned) & 3) === 0 && i >= aligned) {
      const first = (i - aligned) >> 2;
      let word = first;
      while (word < words.length && ((words[word] as number) & 0x80808080) === 0) word++;
      i += (word - first) * 4;
      if (i >= to) break;
    }
    const lead = data[i] as number;
    if (lead < 0x80) {
      i++;
      continue;
    }
    const more = lead >= 0xc2 && lead <= 0xdf ? 1 : (lead & 0xf0) === 0xe0 ? 2 : lead >= 0xf0 && lead <= 0xf4 ? 3 : 0;
    if (more === 0 || i + more >= to) return false;
    const second = data[i + 1] as number;
    const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    if (second < low || second > high) return false;
    for (let k = 2; k <= more; k++) if (((data[i + k] as number) & 0xc0) !== 0x80) return false;
    i += more + 1;
  }
  return true;
};

/** Whether each row's bytes are well-formed by themselves: the whole is, and no row begins inside a character. */
export const areRowsUtf8 = (data: Uint8Array, offsets: Int32Array, rows: number): boolean => {
  const from = offsets[0] as number;
  const to = offsets[rows] as number;
  if (!isUtf8(data, from, to)) return false;
  for (let i = 1; i < rows; i++) {
    const at = offsets[i] as number;
    if (at < to && ((data[at] as number) & 0xc0) === 0x80) return false;
  }
  return true;
};
