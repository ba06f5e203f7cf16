// The promise of `kill.test.ts` over a Kafka, a ClickHouse and a PostgreSQL of their own, by both clients of Kafka: what dies is the server, its
// stores, its broker, the agents, and a server is stopped past its session. And the same fails when what keeps it is switched off.
import { expect, test } from 'vitest';
import { sized } from '../support/long.ts';
import { runKills, shuffled, times } from './kill-run.ts';

const CLIENTS = (['kafkajs', '@platformatic/kafka'] as const).toSorted(() => Math.random() - 0.5);

// The short form takes one of them, another one each time.
for (const client of CLIENTS.slice(0, sized(1, 2)))
  test(`over servers, by ${client}, every row stands once`, async () => {
    const kills = shuffled([
      ...times(sized(0, 4), 'server before an insert'),
      ...times(sized(1, 6), 'server after an insert'),
      ...times(sized(0, 4), 'server'),
      ...times(sized(0, 4), 'server is stopped'),
      ...times(sized(1, 6), 'columns'),
      ...times(sized(1, 4), 'records'),
      ...times(sized(1, 6), 'broker'),
      ...times(sized(1, 4), 'sender'),
    ]);
    const { wrong, frames, again } = await runKills({ kills, calmMs: 1500, client });
    expect(wrong.slice(0, 20)).toEqual([]);
    expect(frames).toBeGreaterThan(60);
    expect(again).toBeGreaterThan(3);
  });

test('control: without reading back what stands, rows stand twice', async () => {
  const { wrong } = await runKills({ kills: times(sized(1, 2), 'server after an insert'), calmMs: 500, switches: { readBack: false }, client: 'kafkajs' });
  expect(wrong.length).toBeGreaterThan(0);
  expect(wrong.filter((line) => !/stands \d+ times/.test(line))).toEqual([]);
});
