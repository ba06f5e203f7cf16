// Finds a Chromium for the browser tests. Plain JavaScript: the set-up asks it under any Node.
// It downloads nothing and starts nothing.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The shell first: without windows, it begins in half the work, and draws the same pages. */
const NAMES = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const APPLICATIONS = ['/Applications/Chromium.app/Contents/MacOS/Chromium', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'];

/**
 * Path of the executable: `CHROMIUM` of the environment, else the first on the path.
 * @returns {string | undefined}
 */
export const findChromium = () => {
  const { CHROMIUM, PATH = '' } = process.env;
  const onPath = NAMES.flatMap((name) => PATH.split(delimiter).map((folder) => join(folder, name)));
  return (CHROMIUM === undefined ? [...onPath, ...APPLICATIONS] : [CHROMIUM]).find(isExecutable);
};

const isExecutable = (/** @type {string} */ path) => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};
