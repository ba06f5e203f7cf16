// `npm run pack-agent`: makes inframirror-agent-VERSION-PLATFORM.tar.gz, the agent as one file with the Node that runs it, for hosts that have
// neither Node nor npm, and prints how large it is. It holds for the kind of processor that it is made on.
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, globSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'vite';
import { AGENT_NODE_FLAGS } from '../agent/node-flags.ts';
import { VERSION } from '../app/version.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const PROGRAM = 'inframirror-agent';
export const AGENT_PACKAGE = `${PROGRAM}-${VERSION}-${process.platform}-${process.arch}`;

/** It may be called by a link, and with an empty search path. */
const LAUNCHER = `#!/bin/sh
# Starts the agent under the Node beside it.
self="$(command -p readlink -f "$0")" || self="$0"
here="\${self%/*}"
exec "$here/lib/node" ${AGENT_NODE_FLAGS.join(' ')} "$here/lib/${PROGRAM}.js" "$@"
`;

export interface AgentPackage {
  readonly file: string;
  readonly bytes: number;
  readonly unpackedBytes: number;
}

/** One file of all that the agent imports, and nothing else. */
const bundle = async (into: string): Promise<void> => {
  await build({
    root: ROOT,
    configFile: false,
    logLevel: 'warn',
    build: {
      ssr: join(ROOT, 'app/agent-main.ts'),
      outDir: into,
      target: 'esnext',
      minify: false,
      emptyOutDir: false,
      rolldownOptions: { output: { entryFileNames: `${PROGRAM}.js`, codeSplitting: false } },
    },
  });
};

/** Lays out the folder that is packed. */
const layOut = async (folder: string): Promise<void> => {
  const lib = join(folder, 'lib');
  mkdirSync(lib, { recursive: true });
  await bundle(lib);
  // The executable that runs this, without the links that a package manager may have made of it.
  copyFileSync(process.execPath, join(lib, 'node'));
  chmodSync(join(lib, 'node'), 0o755);
  // The version is read from it.
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify({ name: PROGRAM, version: VERSION, type: 'module', license: 'Apache-2.0' })}\n`);
  writeFileSync(join(folder, PROGRAM), LAUNCHER, { mode: 0o755 });
  copyFileSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
  const [ofNode] = globSync(`node_modules/{node/node_modules/,}node-${process.platform}-${process.arch}/LICENSE`, { cwd: ROOT });
  if (ofNode === undefined) throw new Error('the licence of Node is not beside its package');
  copyFileSync(join(ROOT, ofNode), join(folder, 'LICENSE.node'));
  copyFileSync(join(ROOT, 'deploy/systemd/inframirror-agent.service'), join(folder, 'inframirror-agent.service'));
};

const sizeOf = (folder: string): number =>
  globSync('**/*', { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);

export const packAgent = async (into: string): Promise<AgentPackage> => {
  const work = mkdtempSync(join(tmpdir(), `${PROGRAM}-`));
  try {
    const folder = join(work, AGENT_PACKAGE);
    await layOut(folder);
    mkdirSync(into, { recursive: true });
    const file = join(into, `${AGENT_PACKAGE}.tar.gz`);
    // Owned by root wherever it is unpacked, and in one order.
    execFileSync('tar', [
      '--create',
      '--gzip',
      '--sort=name',
      '--owner=0',
      '--group=0',
      '--numeric-owner',
      `--file=${file}`,
      `--directory=${work}`,
      AGENT_PACKAGE,
    ]);
    return { file, bytes: statSync(file).size, unpackedBytes: sizeOf(folder) };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
};

const USAGE = `Usage: npm run pack-agent [-- --into DIR]

Makes ${AGENT_PACKAGE}.tar.gz: the agent and the Node that runs it, for hosts without Node and npm.

  --into DIR  where it is written (default: this folder)
`;

const main = async (): Promise<void> => {
  const { values } = parseArgs({ options: { into: { type: 'string', default: '.' }, help: { type: 'boolean', default: false } } });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const { file, bytes, unpackedBytes } = await packAgent(values.into);
  const mib = (size: number): string => `${(size / 2 ** 20).toFixed(1)} MiB`;
  process.stdout.write(`${file}: ${mib(bytes)}, unpacked ${mib(unpackedBytes)}\n`);
};

if (import.meta.main) await main();
