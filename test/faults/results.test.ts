// The table of docs/guarantees.md says what its lines of results say, and a wrong row is seen in it.
// Nothing is killed here: that is `npm run faults` and the kill tests.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type FaultRun, faultTable, readRuns } from './results.ts';

const docs = (name: string): string => fileURLToPath(new URL(`../../docs/${name}`, import.meta.url));

test('the page has the table of its results', () => {
  const page = readFileSync(docs('guarantees.md'), 'utf8');
  if (existsSync(docs('guarantees.jsonl'))) expect(page).toContain(faultTable(readRuns(docs('guarantees.jsonl'))));
});

test('trials are counted by fault and stores, what was wrong counts for each fault of its run, and then there is no bound', () => {
  const run = (kills: FaultRun['kills'], more: Partial<FaultRun> = {}): FaultRun => ({
    place: 'kafkajs',
    kills,
    rows: 10,
    losses: 0,
    doubles: 0,
    others: 0,
    recoveries: [['broker', 1500]],
    ...more,
  });
  const many = Array.from({ length: 150 }, () => run(['broker', 'broker']));
  expect(
    faultTable([...many, run(['server', 'sender'], { losses: 2 }), run(['server'])])
      .split('\n')
      .slice(2),
  ).toEqual([
    '| kafkajs | broker | 300 | 0 | 0 | < 1.0 % | 1.5 s | 1.5 s |',
    '| kafkajs | sender | 1 | 2 | 0 | – | – | – |',
    '| kafkajs | server | 2 | 2 | 0 | – | – | – |',
  ]);
});
