// The hash of bytes for every table that is filled with what others send.

/** Different in every process, so that nobody can prepare texts that all fall on one slot. */
const SEED = (Math.random() * 0x100000000) >>> 0;

/** 32 bits, from a start of this process: never to be kept. */
export const hashBytes = (data: Uint8Array, from: number, to: number): number => {
  let hash = SEED;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ (data[i] as number), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
};
