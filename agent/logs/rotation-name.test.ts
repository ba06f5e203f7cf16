// Which names only a rotation gives.
import { expect, test } from 'vitest';
import { rotationOf } from './rotation-name.ts';

test.each([
  ['app.log', 'app.log.1', 'whole'],
  ['app.log', 'app.log-20261129', 'whole'],
  ['app.log', 'app.log.2026-11-29_10.30', 'whole'],
  ['app.log', 'app.log-20261129T103000Z', 'whole'],
  ['app.log', 'app.log.old', 'whole'],
  ['syslog', 'syslog.1', 'whole'],
  ['app.log', 'app-20261129.log', 'stem'],
  ['app.log', 'app.1.log', 'stem'],
  ['app.log', 'app-old.log', 'stem'],
  ['app.log', 'app-1.log.old', 'stem'],
  ['wk-1.log', 'wk-1.2.log', 'stem'],
  ['wk-1.log', 'wk-2.log', undefined],
  ['wk-1.log', 'wk-10.log', undefined],
  ['app.log', 'app.log', undefined],
  ['app.log', 'app.logs', undefined],
  ['app.log', 'app.log2', undefined],
  ['app.log', 'app.log.', undefined],
  ['app.log', 'app.log.err', undefined],
  ['app.log', 'app-worker.log', undefined],
  ['app.log', 'app-a.log', undefined],
  ['app.log', 'other.log', undefined],
  ['app.log', 'application-1.log', undefined],
  ['syslog', 'syslog-ng', undefined],
] as const)('%s beside %s: %s', (original, other, expected) => {
  expect(rotationOf(`/x/${original}`, `/x/${other}`)).toBe(expected);
  expect(rotationOf(`/x/${original}`, `/y/${other}`)).toBeUndefined();
});
