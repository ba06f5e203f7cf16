// The colour of each host: given at first sight, kept in this browser, the same in every panel and query.
// As many hosts as there are colours differ; later ones take the colour least used so far.
import { COLOURS } from './colour.ts';

const KEY = 'inframirror.host-colours';
/** Hosts met longest ago are forgotten beyond that many. */
const MOST = 2000;

export interface HostColours {
  /** Index of the host's colour, 0 … COLOURS - 1. */
  readonly of: (host: string) => number;
}

/** `kept` is what an earlier session wrote, `keep` is called with what is to be kept. Never throws for what was kept. */
export const hostColours = (kept: string | null, keep: (text: string) => void): HostColours => {
  const known = new Map<string, number>();
  const uses = new Uint32Array(COLOURS);
  try {
    const read: unknown = JSON.parse(kept ?? '[]');
    if (Array.isArray(read))
      for (const [host, colour] of read as [unknown, unknown][])
        if (typeof host === 'string' && Number.isInteger(colour) && (colour as number) >= 0 && (colour as number) < COLOURS) known.set(host, colour as number);
  } catch {
    // what cannot be read is forgotten
  }
  for (const colour of known.values()) uses[colour] = (uses[colour] as number) + 1;
  return {
    of: (host) => {
      const before = known.get(host);
      if (before !== undefined) return before;
      const colour = uses.indexOf(Math.min(...uses));
      known.set(host, colour);
      uses[colour] = (uses[colour] as number) + 1;
      if (known.size > MOST) known.delete(known.keys().next().value as string);
      keep(JSON.stringify([...known]));
      return colour;
    },
  };
};

let session: HostColours | undefined;
/** This browser's. */
export const hostColour = (host: string): number => {
  session ??= hostColours(localStorage.getItem(KEY), (text) => localStorage.setItem(KEY, text));
  return session.of(host);
};
