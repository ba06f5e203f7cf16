// The line of the door: quiet as long as nobody is over a limit, then with names and what is to be mended.
import { expect, test } from 'vitest';
import { doorPart } from './door-part.ts';

const offender = (sender: string, rows: number) => ({ sender, host: `${sender}-host`, metric: 'requests', label: 'path', values: 400, rows });

test('says how many series there are', () => {
  expect(doorPart({ series: 7, bytes: 0, volume: undefined, offenders: [], largest: undefined })).toEqual({
    name: 'door',
    state: 'ok',
    detail: '7 series within a day, 0 bytes in hand',
  });
});

test('names the host that most came of, as its data may be what fills the disk', () => {
  const volume = { host: 'web-1', bytes: 3 * 2 ** 30, all: 4 * 2 ** 30 };
  expect(doorPart({ series: 7, bytes: 0, volume, offenders: [], largest: undefined })).toMatchObject({
    state: 'ok',
    detail: '7 series within a day, 0 bytes in hand; most within a day came of web-1, 3 GiB of 4 GiB',
  });
});

test('names who is over the limit, most first, with metric and label, and more by their number', () => {
  const offenders = [
    offender('a', 500),
    { ...offender('b', 400), host: 'b', label: undefined, values: 0 },
    { ...offender('c', 30), metric: undefined },
    offender('d', 2),
  ];
  const { state, detail } = doorPart({ series: 9, bytes: 0, volume: undefined, offenders, largest: undefined });
  expect(state).toBe('degraded');
  expect(detail).toBe(
    '9 series within a day, 0 bytes in hand; over the limit of series: a (host a-host): 500 rows dropped, most series over it are of requests, label path has some 400 values more; b: 400 rows dropped, most series over it are of requests; c (host c-host): 30 rows dropped; 1 sender more',
  );
});

test('names who has most where all together are at their limit', () => {
  expect(doorPart({ series: 9, bytes: 0, volume: undefined, offenders: [], largest: { sender: 'a', series: 8 } })).toMatchObject({
    state: 'degraded',
    detail: '9 series within a day, 0 bytes in hand; the limit of all senders together is reached, a has most: 8',
  });
});
