// What a line looks like: a colour by its state, its host or its name, and a dash where another line of the chart has that colour already.
// The colours are tokens of style/tokens.css; the same lines give the same strokes in any order.
import type { Identity } from '../result/keys.ts';

/** Colours that lines share out among themselves: `--series-0` … */
export const COLOURS = 8;
/** Lengths drawn and left out, in pixels; the first is a whole line. */
export const DASHES: readonly (readonly number[])[] = [[], [7, 4], [2, 3], [10, 3, 2, 3]];

export interface Stroke {
  /** Name of a token, without `var()`. */
  readonly token: string;
  /** Index into DASHES. */
  readonly dash: number;
}

const seriesToken = (colour: number): string => `--series-${colour % COLOURS}`;
const REST: Stroke = { token: '--series-rest', dash: 0 };

const hash = (text: string): number => {
  let h = 2_166_136_261;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 16_777_619);
  return (h ^ (h >>> 15)) >>> 0;
};

/** A line that has no name is the only one. */
const preferred = (identity: Exclude<Identity, { kind: 'rest' }>, ofHost: (host: string) => number): string => {
  if (identity.kind === 'state') return identity.token;
  return seriesToken(identity.kind === 'host' ? ofHost(identity.host) : identity.text === '' ? 0 : hash(identity.text));
};

export interface Drawn {
  readonly key: string;
  readonly identity: Identity;
}

/**
 * A stroke for each line, in their order. Hosts and states keep their colour and take a dash where it is taken; other lines take a colour
 * that is free, then a dash. No two strokes are the same for up to COLOURS × DASHES lines, but states of hosts: they are told by colour
 * whatever else, and each host has its dash; more hosts than dashes share them.
 */
export const strokesOf = (lines: readonly Drawn[], ofHost: (host: string) => number): Stroke[] => {
  const taken = new Set<string>();
  const given = new Map<string, Stroke>();
  const all = Array.from({ length: COLOURS }, (_, colour) => seriesToken(colour));
  const give = (line: Drawn, choices: Iterable<Stroke>): void => {
    let stroke: Stroke | undefined;
    for (const choice of choices) {
      stroke ??= choice;
      if (taken.has(`${choice.token} ${choice.dash}`)) continue;
      stroke = choice;
      break;
    }
    if (stroke === undefined) return;
    taken.add(`${stroke.token} ${stroke.dash}`);
    given.set(line.key, stroke);
  };
  const dashed = (token: string): Stroke[] => DASHES.map((_, dash) => ({ token, dash }));
  // hosts and states first: what is free is known after them
  const ordered = [...lines].sort((a, b) => Number(a.identity.kind === 'value') - Number(b.identity.kind === 'value') || (a.key < b.key ? -1 : 1));
  const hosts = [...new Set(lines.flatMap(({ identity }) => (identity.kind === 'state' && identity.host !== undefined ? [identity.host] : [])))].sort();
  const waiting: Drawn[] = [];
  const further: { readonly line: Drawn; readonly own: Stroke }[] = [];
  for (const line of ordered) {
    if (line.identity.kind === 'rest') given.set(line.key, REST);
    else if (line.identity.kind === 'value') {
      const own = { token: preferred(line.identity, ofHost), dash: 0 };
      if (taken.has(`${own.token} 0`)) waiting.push(line);
      else give(line, [own]);
    } else if (line.identity.kind === 'state' && line.identity.host !== undefined) {
      const own = { token: line.identity.token, dash: hosts.indexOf(line.identity.host) % DASHES.length };
      if (taken.has(`${own.token} ${own.dash}`)) further.push({ line, own });
      else give(line, [own]);
    } else {
      const token = preferred(line.identity, ofHost);
      give(line, [...dashed(token), ...all.flatMap(dashed)]);
    }
  }
  // a host's further lines of one state, and hosts beyond the dashes
  for (const { line, own } of further) give(line, [own, ...dashed(own.token)]);
  for (const line of waiting) {
    const token = preferred(line.identity as Extract<Identity, { kind: 'value' }>, ofHost);
    const from = all.indexOf(token);
    const turned = [...all.slice(from), ...all.slice(0, from)];
    give(line, [
      ...turned.map((other) => ({ token: other, dash: 0 })),
      ...DASHES.slice(1).flatMap((_, i) => turned.map((other) => ({ token: other, dash: i + 1 }))),
    ]);
  }
  return lines.map(({ key }) => given.get(key) ?? REST);
};
