// Calls of the file system with something done around them, for all of this process that imports them, until they are put back.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

type Call = (...args: unknown[]) => unknown;
/** Of a call, the one that stands in for it. */
export type Change = (call: Call) => Call;

/** Puts the changed ones in; puts the others back when what it answers is called. */
export const changeCalls = (changes: Readonly<Partial<Record<keyof typeof fs, Change>>>): (() => void) => {
  const put = (calls: Readonly<Record<string, unknown>>): void => {
    Object.assign(fs, calls);
    syncBuiltinESMExports();
  };
  const before = Object.fromEntries(Object.keys(changes).map((name) => [name, fs[name as keyof typeof fs]]));
  put(Object.fromEntries(Object.entries(changes).map(([name, change]) => [name, change(before[name] as Call)])));
  return () => put(before);
};
