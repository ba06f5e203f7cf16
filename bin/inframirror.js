#!/usr/bin/env node
// The command `inframirror`: hands its arguments to `app/main.ts` under the packaged Node.
// It knows no command itself and installs nothing.
import { become, isInstalled } from './packaged-node.js';

if (isInstalled()) become('app/main.ts', process.argv.slice(2));
else {
  console.error('inframirror: the packages are not installed yet. Run `npm start` once in this folder; it installs them.');
  process.exitCode = 1;
}
