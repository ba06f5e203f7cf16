// What Maven brings for tests that start real servers: once for a clone, into a folder of its cache; of several processes one brings it and
// the others wait. No part of the product.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const CACHE = fileURLToPath(new URL('../../node_modules/.cache/', import.meta.url));
const run = promisify(execFile);
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export interface MavenPackage {
  readonly group: string;
  readonly artifact: string;
  readonly version: string;
  /** Default `jar`. */
  readonly type?: 'zip';
}

export const missing = (tool: string, server: string, what: string): Error =>
  new Error(`These tests start a real ${server}, which needs ${what}: \`${tool}\` cannot be run here. On Debian: apt-get install default-jdk-headless maven.`);

const pomOf = (packages: readonly MavenPackage[]): string => `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>tests</groupId><artifactId>server</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
${packages
  .map(
    ({ group, artifact, version, type = 'jar' }) =>
      `    <dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version><type>${type}</type></dependency>\n`,
  )
  .join('')}  </dependencies>
</project>
`;

/** Whether a process of that number is there. */
const lives = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/**
 * The folder of that name, which `make` fills where it is not there yet. `make` gets a folder that no one else sees.
 */
export const madeOnce = async (name: string, version: string, make: (part: string) => Promise<void>): Promise<string> => {
  const cache = join(CACHE, name);
  const done = join(cache, version);
  const lock = join(cache, `lock-${version}`);
  mkdirSync(cache, { recursive: true });
  while (!existsSync(done)) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
    } catch {
      let holder = 0;
      try {
        holder = Number(readFileSync(lock, 'utf8'));
      } catch {
        // It is done in this moment.
      }
      if (holder > 0 && !lives(holder)) rmSync(lock, { force: true });
      await pause(100);
      continue;
    }
    try {
      const part = join(cache, `part-${process.pid}`);
      rmSync(part, { recursive: true, force: true });
      mkdirSync(part);
      await make(part);
      if (!existsSync(done)) renameSync(part, done);
    } finally {
      rmSync(lock, { force: true });
    }
  }
  return done;
};

/** Brings the packages and all they need into the folder; zips are unpacked there. `server`: what they are, for who has no Maven. */
export const bring = async (server: string, packages: readonly MavenPackage[], folder: string): Promise<void> => {
  const pom = join(folder, 'pom.xml');
  writeFileSync(pom, pomOf(packages));
  const goal = packages.some(({ type }) => type === 'zip')
    ? ['dependency:unpack-dependencies', '-DincludeTypes=zip', `-DmarkersDirectory=${join(folder, '.markers')}`]
    : ['dependency:copy-dependencies', '-DincludeScope=runtime'];
  await run('mvn', ['-q', '-B', '-f', pom, ...goal, `-DoutputDirectory=${folder}`]).catch((error) => {
    throw error.code === 'ENOENT' ? missing('mvn', server, 'Maven') : error;
  });
  rmSync(pom);
};
