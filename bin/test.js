// `npm test [-- lane …]`: does the set-up that is missing, then runs the lanes of `test/support/lanes.ts` under the packaged Node.
// Beyond what `npm start` needs it brings a browser, what a real Kafka runs on, and what judges units, where the system's packager is there and we may use it.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { findChromium } from '../test/support/chromium.js';
import { become } from './packaged-node.js';
import { run, setUp } from './set-up.js';

/** @param {string} name */
const isOnPath = (name) => (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));

/** @param {string} what @param {string} packages of Debian */
const install = async (what, packages) => {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return;
  await run(`installing ${what}`, 'sh', ['-c', `apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ${packages}`]);
};

const lanes = process.argv.slice(2);
const explorer = lanes.length === 0 || lanes.includes('browser') || lanes.includes('end-to-end');
const engines = lanes.length === 0 || ['agent', 'engines', 'differential', 'end-to-end'].some((lane) => lanes.includes(lane));
const units = lanes.length === 0 || lanes.includes('unit');
if (await setUp({ explorer })) {
  if (explorer && findChromium() === undefined) await install('Debian’s chromium for the browser tests', 'chromium-headless-shell');
  if (engines && !(isOnPath('java') && isOnPath('mvn')))
    await install('Java and Maven for the tests on a real Kafka and Elasticsearch', 'default-jdk-headless maven');
  if (engines && !isOnPath('pgbouncer')) await install('PgBouncer for the tests of the record store', 'pgbouncer');
  if (units && !isOnPath('systemd-analyze')) await install('systemd’s own check of units', 'systemd');
  become('test/support/run.ts', lanes);
} else {
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
}
