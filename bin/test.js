// `npm test [-- lane …]`: does the set-up that is missing, then runs the lanes of `test/support/lanes.ts` under the packaged Node.
// Beyond what `npm start` needs it brings a browser, where the system's packager is there and we may use it.
import { existsSync } from 'node:fs';
import { findChromium } from '../test/support/chromium.js';
import { become } from './packaged-node.js';
import { run, setUp } from './set-up.js';

const setUpBrowser = async () => {
  if (findChromium() !== undefined || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return;
  const script = 'apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium-headless-shell';
  await run('installing Debian’s chromium for the browser tests', 'sh', ['-c', script]);
};

const lanes = process.argv.slice(2);
const explorer = lanes.length === 0 || lanes.includes('browser') || lanes.includes('end-to-end');
if (await setUp({ explorer })) {
  if (explorer) await setUpBrowser();
  become('test/support/run.ts', lanes);
} else {
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
}
