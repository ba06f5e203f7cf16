// Judges imports by a table of rooms: who may import whom, which packages, and what a file must not reach at all.
// It holds no rule of this project; those are the table in `test/layers.test.ts`.
import { type Import, importsOf } from './imports.ts';

export interface Room {
  /** Files of the room; the first room of the table with a matching pattern has the file. Order matters. */
  readonly files: RegExp;
  /** Names of rooms whose files may be imported; its own is always allowed. `types:x`: only with `import type`. */
  readonly imports: readonly string[] | 'everything';
  /** Third-party packages; `node:*` stands for all of Node's own. */
  readonly packages: readonly string[] | 'all';
}
export type Rooms = Readonly<Record<string, Room>>;

/** What loading a file must never load along with it, through imports that are not erased. */
export interface Reach {
  readonly file: string;
  readonly mustNot: RegExp;
}

export const roomOf = (rooms: Rooms, path: string): string | undefined => Object.entries(rooms).find(([, room]) => room.files.test(path))?.[0];

const allows = (rooms: Rooms, room: Room, found: Import): boolean => {
  if (!found.relative) {
    if (room.packages === 'all') return true;
    return room.packages.includes(found.to) || (found.to.startsWith('node:') && room.packages.includes('node:*'));
  }
  if (room.imports === 'everything') return true;
  const target = roomOf(rooms, found.to);
  if (target === undefined) return false;
  return rooms[target] === room || room.imports.includes(target) || (found.typeOnly && room.imports.includes(`types:${target}`));
};

/** A sentence for each import that breaks the table, for each file in no room, and for each forbidden reach. */
export const breaches = (rooms: Rooms, reaches: readonly Reach[], files: ReadonlyMap<string, string>): readonly string[] => {
  const out: string[] = [];
  const imports = new Map<string, readonly Import[]>();
  for (const [path, text] of files) {
    const name = roomOf(rooms, path);
    const room = name === undefined ? undefined : rooms[name];
    if (room === undefined) {
      out.push(`${path} is in no room`);
      continue;
    }
    const found = importsOf(path, text);
    imports.set(path, found);
    for (const one of found) {
      if (allows(rooms, room, one)) continue;
      const target = one.relative ? `${one.to} (${roomOf(rooms, one.to) ?? 'no room'})` : one.to;
      out.push(`${path}:${one.line} (${name}) must not import ${target}${one.typeOnly ? '' : ' as a value'}`);
    }
  }
  for (const { file, mustNot } of reaches) {
    const path = forbiddenPath(imports, file, mustNot);
    if (path !== undefined) out.push(`${file} must not load ${path.at(-1)}: ${path.join(' → ')}`);
  }
  return out;
};

/** The circles of imports, types too, each as the shortest way from its first file back to it. */
export const circles = (files: ReadonlyMap<string, string>): readonly (readonly string[])[] => {
  const next = new Map([...files].map(([path, text]) => [path, importsOf(path, text).flatMap(({ to }) => (files.has(to) ? [to] : []))]));
  const out: (readonly string[])[] = [];
  const told = new Set<string>();
  for (const start of files.keys()) {
    if (told.has(start)) continue;
    const cameFrom = new Map<string, string>();
    const reached = [start];
    for (const path of reached)
      for (const to of next.get(path) ?? []) {
        if (cameFrom.has(to)) continue;
        cameFrom.set(to, path);
        if (to !== start) reached.push(to);
      }
    let at = cameFrom.get(start);
    if (at === undefined) continue;
    const way = [start];
    for (; at !== start; at = cameFrom.get(at) as string) way.unshift(at);
    for (const path of way) told.add(path);
    out.push([start, ...way]);
  }
  return out;
};

/** The shortest way by which loading `start` loads something forbidden. */
const forbiddenPath = (imports: ReadonlyMap<string, readonly Import[]>, start: string, mustNot: RegExp): readonly string[] | undefined => {
  const seen = new Set([start]);
  const ways: (readonly string[])[] = [[start]];
  for (const way of ways) {
    const last = way.at(-1) as string;
    if (mustNot.test(last)) return way;
    for (const one of imports.get(last) ?? []) {
      if (one.typeOnly || seen.has(one.to)) continue;
      seen.add(one.to);
      ways.push([...way, one.to]);
    }
  }
  return undefined;
};
