// The line of the door: quiet as long as nobody is over a limit, then with names and what is to be mended.
import { expect, test } from 'vitest';
import { doorPart } from './door-part.ts';

const NOW = Date.now();
const hosts = { over: [], largest: undefined };
const names = { metrics: [], labels: [], largest: undefined };
const few = { open: 3, limit: 100, refused: 0, refusedAt: undefined };

const offender = (sender: string, rows: number) => ({ sender, host: `${sender}-host`, metric: 'requests', label: 'path', values: 400, rows });

test('says how many series there are', () => {
  expect(
    doorPart({ series: 7, bytes: 0, volume: undefined, hosts, names, offenders: [], largest: undefined, overQuota: [], clock: undefined }, few, NOW),
  ).toEqual({
    name: 'door',
    state: 'ok',
    detail: '7 series within a day, 0 bytes in hand',
  });
});

test('names the host that most came of, as its data may be what fills the disk', () => {
  const volume = { host: 'web-1', bytes: 3 * 2 ** 30, all: 4 * 2 ** 30 };
  expect(doorPart({ series: 7, bytes: 0, volume, hosts, names, offenders: [], largest: undefined, overQuota: [], clock: undefined }, few, NOW)).toMatchObject({
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
  const { state, detail } = doorPart(
    { series: 9, bytes: 0, volume: undefined, hosts, names, offenders, largest: undefined, overQuota: [], clock: undefined },
    few,
    NOW,
  );
  expect(state).toBe('degraded');
  expect(detail).toBe(
    '9 series within a day, 0 bytes in hand; over the limit of series: a (host a-host): 500 rows dropped, most series over it are of requests, label path has some 400 values more; b: 400 rows dropped, most series over it are of requests; c (host c-host): 30 rows dropped; 1 sender more',
  );
});

test('names who has most where all together are at their limit', () => {
  expect(
    doorPart(
      { series: 9, bytes: 0, volume: undefined, hosts, names, offenders: [], largest: { sender: 'a', series: 8 }, overQuota: [], clock: undefined },
      few,
      NOW,
    ),
  ).toMatchObject({
    state: 'degraded',
    detail: '9 series within a day, 0 bytes in hand; the limit of all senders together is reached, a has most: 8',
  });
});

test('names who is over the quota of bytes, by its host', () => {
  const over = (sender: string, host: string) => ({ sender, host, bytes: 3 * 2 ** 30, limit: 2 ** 30 });
  const overQuota = [over('3f0c', 'web-1'), over('gone', ''), over('b', 'b'), over('c', 'c'), over('d', 'd')];
  expect(
    doorPart({ series: 9, bytes: 0, volume: undefined, hosts, names, offenders: [], largest: undefined, overQuota, clock: undefined }, few, NOW),
  ).toMatchObject({
    state: 'degraded',
    detail:
      '9 series within a day, 0 bytes in hand; refused for now, their agents keep their data: web-1 has sent 3 GiB within a day, 1 GiB are allowed; gone has sent 3 GiB within a day, 1 GiB are allowed; b has sent 3 GiB within a day, 1 GiB are allowed; 2 senders more',
  });
});

test('tells that the clock of the server is the one that is wrong', () => {
  const clock = { offset: -20 * 86_400_000, agents: 97, of: 100 };
  expect(doorPart({ series: 7, bytes: 0, volume: undefined, hosts, names, offenders: [], largest: undefined, overQuota: [], clock }, few, NOW)).toMatchObject({
    state: 'degraded',
    detail:
      '7 series within a day, 0 bytes in hand; by 97 of 100 agents the clock of this server is 28800 minutes ahead: what it would drop for that stays with them until it is set right',
  });
});

test('tells of connections when most are taken, or some were refused not long ago', () => {
  const state = { series: 0, bytes: 0, volume: undefined, hosts, names, offenders: [], largest: undefined, overQuota: [], clock: undefined };
  const part = (connections: Parameters<typeof doorPart>[1]) => doorPart(state, connections, NOW);
  expect(part({ ...few, open: 80 })).toMatchObject({ state: 'degraded', detail: expect.stringContaining('; 80 of 100 connections are open') });
  expect(part({ ...few, refused: 7, refusedAt: NOW - 60_000 }).detail).toContain(
    '; 3 of 100 connections are open, 7 were refused; more are let in by limits.connections',
  );
  expect(part({ ...few, refused: 7, refusedAt: NOW - 7_200_000 })).toMatchObject({ state: 'ok' });
});

test('names who names more hosts than it may', () => {
  const over = { over: [{ sender: 'relay-1', host: 'web-1', rows: 12 }], largest: { sender: 'relay-2', hosts: 900 } };
  expect(
    doorPart({ series: 7, bytes: 0, volume: undefined, hosts: over, names, offenders: [], largest: undefined, overQuota: [], clock: undefined }, few, NOW),
  ).toMatchObject({
    state: 'degraded',
    detail:
      '7 series within a day, 0 bytes in hand; the limit of hosts of all senders together is reached, relay-2 has most: 900; over the limit of hosts: relay-1 (host web-1): 12 rows dropped',
  });
});

test('names who brings more metrics, and more labels of a metric, than it may', () => {
  const over = (metric: string | undefined, label?: string) => ({ sender: '3f0c', host: 'web-1', metric, label, values: 0, rows: 12 });
  const state = { metrics: [over('made.up.7')], labels: [over('system.cpu.time', 'pod_9'), over(undefined)], largest: { sender: 'relay-2', metrics: 900 } };
  expect(
    doorPart({ series: 7, bytes: 0, volume: undefined, hosts, names: state, offenders: [], largest: undefined, overQuota: [], clock: undefined }, few, NOW),
  ).toMatchObject({
    state: 'degraded',
    detail:
      '7 series within a day, 0 bytes in hand; the limit of metrics of all senders together is reached, relay-2 has brought most: 900; over the limit of metrics: 3f0c (host web-1): 12 rows dropped, such as made.up.7; over the limit of labels of a metric: 3f0c (host web-1): 12 rows dropped, most of system.cpu.time, such as pod_9; 3f0c (host web-1): 12 rows dropped',
  });
});
