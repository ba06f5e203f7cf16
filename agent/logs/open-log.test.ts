// Opening a file while another user changes the folders and links on the way to it: at the moment between the look at the path and the open, and
// between the open and the look at who owns the links. Real files; nothing of the calls is changed.
import { closeSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { changeCalls } from '../testing/change-calls.ts';
import { MovedLog, openLog, RefusedLog } from './open-log.ts';

/** What another does at that moment, once. */
const other = { beforeOpen: (): void => undefined, afterOpen: (): void => undefined };
const restore = changeCalls({
  openSync:
    (open) =>
    (...args) => {
      const [before, after] = [other.beforeOpen, other.afterOpen];
      other.beforeOpen = other.afterOpen = () => undefined;
      before();
      const fd = open(...args);
      after();
      return fd;
    },
});
afterAll(restore);

let folder: string;
const at = (name: string): string => join(folder, name);
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'open-log-')));
  for (const name of ['app', 'secret']) {
    mkdirSync(at(name));
    writeFileSync(at(`${name}/a.log`), `${name}\n`);
  }
});
afterEach(() => {
  other.beforeOpen = other.afterOpen = () => undefined;
  rmSync(folder, { recursive: true });
});

/** What is read of it. */
const read = (path: string): string => {
  const fd = openLog(path);
  try {
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
};
const folderForLink = (): void => {
  renameSync(at('app'), at('away'));
  symlinkSync('secret', at('app'));
};
const linkForFolder = (): void => {
  rmSync(at('link'));
  renameSync(at('app'), at('link'));
};

test('a folder that becomes a link before the file is opened is not followed', () => {
  other.beforeOpen = folderForLink;
  expect(() => read(at('app/a.log'))).toThrow(MovedLog);
});

test('a link that becomes a folder once the file is open is not taken for one', () => {
  symlinkSync('secret', at('link'));
  other.afterOpen = linkForFolder;
  expect(() => read(at('link/a.log'))).toThrow(RefusedLog);
});

test('what nobody changes is opened, through links too', () => {
  symlinkSync('../secret', at('app/folder'));
  symlinkSync('app/../app/a.log', at('link'));
  expect([at('app/a.log'), at('app/folder/a.log'), at('link')].map(read)).toEqual(['app\n', 'secret\n', 'app\n']);
});
