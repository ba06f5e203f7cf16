// `npm start`: does the set-up that is missing, then starts everything on this machine.
// It reads no option itself: all arguments belong to `inframirror start`.
import { become } from './packaged-node.js';
import { setUp } from './set-up.js';

if (await setUp({ explorer: true })) become('app/main.ts', ['start', ...process.argv.slice(2)]);
else process.exitCode = 1;
