// The colour of each host: given at first sight, kept in this browser, the same in every panel and query.
// As many hosts as there are colours differ; later ones take the colour least used so far.
import { keep, readKept } from '../shell/browser-store.ts';
import { COLOURS } from './colour.ts';

const KEY = 'inframirror.host-colours';
/** Hosts met longest ago are forgotten beyond that many. */
const MOST = 2000;

export interface HostColours {
  /** Index of the host's colour, 0 … COLOURS - 1. */
  readonly of: (host: string) => number;
  /** What is to be kept. */
  readonly text: () => string;
}

/** `kept` is what an earlier session wrote; `changed` is called when there is something new to keep. Never throws for what was kept. */
export const hostColours = (kept: string | null, changed: () => void): HostColours => {
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
      changed();
      return colour;
    },
    text: () => JSON.stringify([...known]),
  };
};

/** A list that is scrolled meets very many hosts: they are written together. */
const KEEP_MS = 500;
let session: HostColours | undefined;
let waiting = false;
const keepAll = (): void => {
  waiting = false;
  if (session !== undefined) keep(KEY, session.text());
};
const keepSoon = (): void => {
  if (waiting) return;
  waiting = true;
  setTimeout(keepAll, KEEP_MS);
};
/** This browser's. */
export const hostColour = (host: string): number => {
  session ??= hostColours(readKept(KEY), keepSoon);
  return session.of(host);
};
