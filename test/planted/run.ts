// `npm run planted`: starts a product of its own on a temporary folder, plants ten causes among the noise of several hosts, says what
// somebody noticed of each, and goes on until Ctrl-C. It keeps the answers to itself; `planted.e2e.test.ts` checks them.
import { rm } from 'node:fs/promises';
import { newFolder, startProduct } from '../end-to-end/support/product.ts';
import { CAUSES } from './causes.ts';
import { plant, plantedGlobs } from './plant.ts';

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const stopped = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
});

say('starting and planting; this takes half a minute …');
const folder = await newFolder();
try {
  const product = await startProduct({ folder: `${folder}/data`, logs: plantedGlobs(folder), args: ['--label', 'role=app', '--label', 'owner=shop'] });
  try {
    const unplant = await plant(folder, product);
    say(`\nSomebody noticed:\n`);
    for (const [i, { symptom }] of CAUSES.entries()) say(`${String(i + 1).padStart(2)}. ${symptom}`);
    say(`\nFind the causes at ${product.origin}/?token=${product.token}`);
    say(`or with: node bin/inframirror.js query --data ${product.folder} 'from logs'`);
    say('\nCtrl-C ends and removes everything. The answers stand in docs/guide/find-the-cause.md.');
    await stopped;
    say('ending …');
    await unplant();
  } finally {
    await product.stop();
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
