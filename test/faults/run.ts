// `npm run faults`: kills over and over, embedded and over real servers, until each fault has had its trials; each run is judged by the oracle of
// the kill test and kept as a line of docs/guarantees.jsonl, of which the table in docs/guarantees.md is made. Ctrl-C ends it, and it goes on
// where it was. Exits with 1 where a row was lost or stands twice.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Kill, runKills, shuffled } from '../end-to-end/kill-run.ts';
import { appendRun, type FaultRun, faultTable, PLACES, type Place, putTable, readRuns } from './results.ts';

const RESULTS = fileURLToPath(new URL('../../docs/guarantees.jsonl', import.meta.url));
const PAGE = fileURLToPath(new URL('../../docs/guarantees.md', import.meta.url));
const EMBEDDED: readonly Kill[] = ['server', 'server before an insert', 'server after an insert', 'columns', 'records', 'sender'];
const OVER_SERVERS: readonly Kill[] = [...EMBEDDED, 'broker', 'server is stopped'];
/** Of one run: its stores are new. */
const KILLS = 12;

const { values } = parseArgs({
  options: {
    trials: { type: 'string', default: '200' },
    stores: { type: 'string', multiple: true },
    minutes: { type: 'string', default: String(24 * 60) },
  },
});
const wanted = Number(values.trials);
const places = (values.stores ?? PLACES).map((name) => {
  const place = PLACES.find((one) => one === name);
  if (place === undefined) throw new RangeError(`--stores ${name}; there are ${PLACES.join(', ')}`);
  return place;
});
const until = performance.now() + Number(values.minutes) * 60_000;
let isOver = false;
process.once('SIGINT', () => {
  process.stdout.write('\nthe run in hand is brought to its end\n');
  isOver = true;
});

/** Of those that have had the fewest. */
const nextKills = (place: Place, runs: readonly FaultRun[]): readonly Kill[] => {
  const had = new Map((place === 'embedded' ? EMBEDDED : OVER_SERVERS).map((kill) => [kill, 0]));
  for (const run of runs) if (run.place === place) for (const kill of run.kills) had.set(kill, (had.get(kill) ?? 0) + 1);
  const next: Kill[] = [];
  while (next.length < KILLS) {
    const [kill, count] = [...had].toSorted(([, a], [, b]) => a - b)[0] as [Kill, number];
    if (count >= wanted) break;
    next.push(kill);
    had.set(kill, count + 1);
  }
  return shuffled(next);
};

const count = (wrong: readonly string[], what: RegExp): number => wrong.filter((line) => what.test(line)).length;
let hasFailed = false;
for (let runs = readRuns(RESULTS); !isOver && performance.now() < until; runs = readRuns(RESULTS)) {
  const [place, kills] = places.map((one) => [one, nextKills(one, runs)] as const).toSorted(([, a], [, b]) => b.length - a.length)[0] as [
    Place,
    readonly Kill[],
  ];
  const turn = places[runs.length % places.length] as Place;
  const chosen = nextKills(turn, runs).length > 0 ? ([turn, nextKills(turn, runs)] as const) : ([place, kills] as const);
  if (chosen[1].length === 0) break;
  const recoveries: [Kill, number][] = [];
  const begun = performance.now();
  const { wrong, rows } = await runKills({
    kills: chosen[1],
    calmMs: 1000,
    recovered: (kill, ms) => recoveries.push([kill, Math.round(ms)]),
    ...(chosen[0] === 'embedded' ? {} : { client: chosen[0] }),
  });
  const [losses, doubles] = [count(wrong, /is lost$/), count(wrong, /twice|stands \d+ times/)];
  appendRun(RESULTS, { place: chosen[0], kills: chosen[1], rows, losses, doubles, others: wrong.length - losses - doubles, recoveries });
  hasFailed ||= wrong.length > 0;
  for (const line of wrong.slice(0, 20)) process.stdout.write(`  ${line}\n`);
  process.stdout.write(`${chosen[0]}: ${chosen[1].length} faults, ${rows} rows, ${wrong.length} wrong, ${Math.round((performance.now() - begun) / 1000)} s\n`);
}
const runs = readRuns(RESULTS);
putTable(PAGE, runs);
process.stdout.write(`${faultTable(runs)}\n`);
process.exitCode = hasFailed ? 1 : 0;
