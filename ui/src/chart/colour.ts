// Colours of lines: Okabe and Ito's set, adjusted for both grounds (3:1 or more against each), stable by key for the session.
// The first eight lines differ by colour, the next ones by dashes too, so that no two lines are told apart by shade alone.

export type Theme = 'dark' | 'light';

// orange, sky, green, yellow, blue, vermilion, purple, grey: https://jfly.uni-koeln.de/color/
export const PALETTES: Readonly<Record<Theme, readonly string[]>> = {
  dark: ['#e69f00', '#56b4e9', '#17b387', '#f0e442', '#4a90e2', '#f0743e', '#d98cb9', '#b5bcc4'],
  light: ['#a96e00', '#2a86bd', '#007a58', '#7d7400', '#0060a0', '#c24f00', '#a84d80', '#59616b'],
};
const DASHES: readonly (readonly number[])[] = [[], [7, 4], [2, 3]];
const COLOURS = 8;

export interface Stroke {
  /** Index into the palette. */
  readonly colour: number;
  readonly dash: readonly number[];
}

const hash = (text: string): number => {
  let h = 2_166_136_261;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 16_777_619);
  return h >>> 0;
};

/**
 * Remembers which slot a key has: its own by hash, the next free one where another key sits there already.
 * A scope is what the keys name (`host`): each has all slots for itself.
 */
export const strokeRegistry = (): ((scope: string, key: string) => Stroke) => {
  const scopes = new Map<string, { readonly slots: Map<string, number>; readonly taken: Set<number> }>();
  return (scope, key) => {
    const known = scopes.get(scope) ?? { slots: new Map<string, number>(), taken: new Set<number>() };
    scopes.set(scope, known);
    const { slots, taken } = known;
    let slot = slots.get(key);
    if (slot === undefined) {
      const preferred = key === '' ? 1 : hash(key) % COLOURS;
      slot = preferred;
      for (let round = 0; round < DASHES.length; round++) {
        const free = Array.from({ length: COLOURS }, (_, i) => round * COLOURS + ((preferred + i) % COLOURS)).find((candidate) => !taken.has(candidate));
        if (free !== undefined) {
          slot = free;
          break;
        }
      }
      slots.set(key, slot);
      taken.add(slot);
    }
    return { colour: slot % COLOURS, dash: DASHES[Math.floor(slot / COLOURS)] ?? [] };
  };
};

/** The session's registry: one colour for a key in every panel. */
export const strokeOf = strokeRegistry();
