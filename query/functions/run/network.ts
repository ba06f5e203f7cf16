// Addresses: `cidr(ip, "10.0.0.0/8")`.
//
// Exactly: true when the first bits of the address are those of the network; the network's other bits are ignored. A version 4 address is in no
// version 6 network and the reverse (`::ffff:10.0.0.1` is version 6). An address or network that is not valid gives missing, as does a
// missing one. Both forms of version 6 with an embedded version 4 tail are read; zones (`%eth0`) are not.
import { makeBools, presentInAll, type ScalarRun, textReader, type Vector } from '../../run/vector.ts';

const OCTET = /^(?:0|[1-9]\d{0,2})$/;

const parseV4 = (text: string): readonly number[] | undefined => {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((p) => OCTET.test(p) && Number(p) <= 255)) return undefined;
  return parts.map(Number);
};

const GROUP = /^[0-9a-fA-F]{1,4}$/;

const groupsOf = (text: string): readonly number[] | undefined => {
  if (text === '') return [];
  const out: number[] = [];
  const parts = text.split(':');
  for (const [i, part] of parts.entries()) {
    const v4 = i === parts.length - 1 && part.includes('.') ? parseV4(part) : undefined;
    if (v4 !== undefined) out.push(...v4);
    else if (GROUP.test(part)) out.push(Number.parseInt(part, 16) >> 8, Number.parseInt(part, 16) & 255);
    else return undefined;
  }
  return out;
};

/** The 4 or 16 bytes of an address; undefined when it is none. */
export const parseAddress = (text: string): readonly number[] | undefined => {
  if (!text.includes(':')) return parseV4(text);
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0] as string);
  if (head === undefined) return undefined;
  if (halves.length === 1) return head.length === 16 ? head : undefined;
  if ((halves[0] as string).includes('.')) return undefined;
  const tail = groupsOf(halves[1] as string);
  if (tail === undefined || head.length + tail.length > 14) return undefined;
  return [...head, ...new Array<number>(16 - head.length - tail.length).fill(0), ...tail];
};

export interface Network {
  readonly bytes: readonly number[];
  readonly bits: number;
}

/** `address/bits`; undefined when it is none. */
export const parseNetwork = (text: string): Network | undefined => {
  const slash = text.indexOf('/');
  const size = text.slice(slash + 1);
  const bytes = slash < 0 ? undefined : parseAddress(text.slice(0, slash));
  if (bytes === undefined || !/^\d{1,3}$/.test(size) || Number(size) > bytes.length * 8) return undefined;
  return { bytes, bits: Number(size) };
};

export const isInNetwork = (address: readonly number[], network: Network): boolean => {
  if (address.length !== network.bytes.length) return false;
  const whole = network.bits >> 3;
  for (let i = 0; i < whole; i++) if (address[i] !== network.bytes[i]) return false;
  const rest = network.bits & 7;
  return rest === 0 || ((address[whole] as number) ^ (network.bytes[whole] as number)) >> (8 - rest) === 0;
};

const cidr: ScalarRun = (args, { rows }) => {
  const [x, range] = args as [Vector, Vector];
  const text = textReader(x);
  const rangeAt = textReader(range);
  const networks = new Map<string, Network | undefined>();
  return makeBools(rows, presentInAll(args, rows), (i) => {
    const name = rangeAt(i);
    if (!networks.has(name)) networks.set(name, parseNetwork(name));
    const network = networks.get(name);
    const address = parseAddress(text(i));
    return network === undefined || address === undefined ? undefined : isInNetwork(address, network);
  });
};

export const NETWORK = { cidr };
