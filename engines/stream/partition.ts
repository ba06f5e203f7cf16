// Which partition a key belongs to: Kafka's own rule, so that a key stays on its partition number whatever carries the stream.

/** 32-bit MurmurHash2 as Kafka's clients have it (org.apache.kafka.common.utils.Utils.murmur2); signed. */
export const murmur2 = (data: Uint8Array): number => {
  const m = 0x5bd1e995;
  let h = 0x9747b28c ^ data.length;
  const words = data.length >> 2;
  for (let i = 0; i < words; i++) {
    const at = i * 4;
    let k = (data[at] as number) | ((data[at + 1] as number) << 8) | ((data[at + 2] as number) << 16) | ((data[at + 3] as number) << 24);
    k = Math.imul(k, m);
    k = Math.imul(k ^ (k >>> 24), m);
    h = Math.imul(h, m) ^ k;
  }
  const rest = data.length & 3;
  const at = words * 4;
  if (rest === 3) h ^= (data[at + 2] as number) << 16;
  if (rest >= 2) h ^= (data[at + 1] as number) << 8;
  if (rest >= 1) h = Math.imul(h ^ (data[at] as number), m);
  h = Math.imul(h ^ (h >>> 13), m);
  return h ^ (h >>> 15);
};

const textEncoder = new TextEncoder();

/** From 0 up to, not including, `partitions`. */
export const partitionOf = (key: string, partitions: number): number => (murmur2(textEncoder.encode(key)) & 0x7fffffff) % partitions;
