// `npm run chart`: has Helm check the chart of this folder and writes what it makes of it to `rendered.yaml`, which the tests read: they need
// no Helm, and fail where the chart was changed since.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const CHART = join(import.meta.dirname, 'inframirror');
export const RENDERED = join(import.meta.dirname, 'rendered.yaml');

/** Of all files of the chart. */
export const chartDigest = (): string => {
  const hash = createHash('sha256');
  const files = globSync('**/*', { cwd: CHART, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of files)
    hash
      .update(`${file.slice(CHART.length)}\0`)
      .update(readFileSync(file))
      .update('\0');
  return hash.digest('hex');
};

/** With all that can be left out, for the oldest Kubernetes that the chart takes. */
const VALUES = [
  '--kube-version',
  '1.25.0',
  '--set',
  'ingress.enabled=true',
  '--set',
  'ingress.tlsSecret=mirror-tls',
  '--set-json',
  'networkPolicy.to=[{"to":[{"namespaceSelector":{}}]}]',
];

const main = (): void => {
  execFileSync('helm', ['lint', '--strict', CHART, ...VALUES], { stdio: 'inherit' });
  const text = execFileSync('helm', ['template', 'inframirror', CHART, '--namespace', 'inframirror', ...VALUES], { encoding: 'utf8' });
  writeFileSync(RENDERED, `# Made by \`npm run chart\` of the chart ${chartDigest()}\n${text}`);
};

if (import.meta.main) main();
