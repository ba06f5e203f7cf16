// Completes package-lock.json for `npm ci`: a registry that lacks the optional packages of other platforms leaves them out
// of the lock, and npm then refuses it everywhere. Their versions are pinned by the packages that want them, their
// platforms stand in their names; their integrity stays open until `npm install` meets a registry that has them.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Locked {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}
export type Lock = Readonly<Record<string, Locked>>;

export interface Missing {
  readonly name: string;
  readonly version: string;
  /** Whether only packages for development want it. */
  readonly dev: boolean;
}

/** Where Node would find `name` from a package at `from`; undefined when the lock has it nowhere. */
const placeOf = (lock: Lock, from: string, name: string): string | undefined => {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const place = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (lock[place] !== undefined) return place;
    if (folder === '') return undefined;
  }
};

/** Optional packages that a locked package wants and the lock has not. */
export const missingFrom = (lock: Lock): readonly Missing[] =>
  Object.entries(lock).flatMap(([from, { dev = false, optionalDependencies = {} }]) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => placeOf(lock, from, name) === undefined)
      .map(([name, version]) => ({ name, version, dev })),
  );

const SYSTEMS = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const PROCESSORS = ['arm', 'arm64', 'ia32', 'ppc64', 'riscv64', 's390x', 'x64'];

/** The platform that a package's name tells: `@biomejs/cli-linux-x64-musl`; undefined when it tells none. */
export const platformOf = (
  name: string,
): { readonly cpu: readonly string[]; readonly libc?: readonly string[]; readonly os: readonly string[] } | undefined => {
  const words = (name.split('/').at(-1) as string).split('-');
  const os = words.find((word) => SYSTEMS.includes(word));
  const cpu = words.find((word) => PROCESSORS.includes(word));
  if (os === undefined || cpu === undefined) return undefined;
  const libc = os !== 'linux' ? undefined : words.includes('musl') ? 'musl' : words.includes('gnu') ? 'glibc' : undefined;
  return { cpu: [cpu], ...(libc === undefined ? {} : { libc: [libc] }), os: [os] };
};

/** The lock with an entry for each missing package; npm orders entries by their place. */
export const completed = (lock: Lock): Lock => {
  const added = missingFrom(lock).map(({ name, version, dev }) => {
    const platform = platformOf(name);
    if (platform === undefined || !/^\d+\.\d+\.\d+[\w.-]*$/.test(version))
      throw new Error(`${name}@${version}: neither its name nor its version tells enough; add it by hand`);
    return [`node_modules/${name}`, { version, ...platform, ...(dev ? { dev } : {}), optional: true }] as const;
  });
  return Object.fromEntries([...Object.entries(lock), ...added].sort(([a], [b]) => a.localeCompare(b, 'en')));
};

if (import.meta.main) {
  const path = join(import.meta.dirname, '../../package-lock.json');
  const file = JSON.parse(readFileSync(path, 'utf8')) as { packages: Lock };
  const before = Object.keys(file.packages).length;
  file.packages = completed(file.packages);
  writeFileSync(path, `${JSON.stringify(file, null, 2)}\n`);
  console.log(`${Object.keys(file.packages).length - before} packages of other platforms added to the lock`);
}
