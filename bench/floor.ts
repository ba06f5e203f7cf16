// What the smallest question costs, on the clock and in processor time of both processes, from the column store's library up to GraphQL over
// HTTP, with 100,000 series in the tables. Kinds are asked in turn, so that a slow moment of the machine meets all.
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session } from 'chdb';
import { createLogger } from '../core/logger.ts';
import type { ColumnStore } from '../engines/columns/port.ts';
import type { Records } from '../engines/records/port.ts';
import { openColumnSearch } from '../engines/search/embedded/open.ts';
import { graphqlServer } from '../graphql/server.ts';
import type { Services } from '../graphql/service.ts';
import { LearnedCatalogue } from '../query/ask/learned-catalogue.ts';
import { unlimited } from '../query/caller.ts';
import { QueryService } from '../query/service.ts';
import { DATASETS } from '../schemas/catalogue.ts';
import { metricHash } from '../schemas/series-id.ts';
import { UNLIMITED, withColumnStore } from './column-store.ts';
import { type Figure, median } from './figure.ts';
import { insertSeries } from './load-store.ts';

const METRICS = 50;
const HOSTS = 2000;
const STEP_MS = 15_000;
/** A quarter of an hour. */
const SAMPLES = 60;
const TO_MS = 1_795_176_000_000;
const FROM_MS = TO_MS - SAMPLES * STEP_MS;
const ROUNDS = Number(process.env.INFRAMIRROR_BENCH_ROUNDS ?? 10);
/** Of a kind in a round: the kernel accounts for processor time in hundredths of a second. */
const TIMES = 25;

const METRIC = 'bench.metric_7';
const NEWEST = `from metrics.${METRIC} | where host == "host-1234" | latest`;

const log = createLogger({ level: 'error', format: 'text', write: (line) => process.stderr.write(line) });
const hashes = `[${Array.from({ length: METRICS }, (_, i) => metricHash(`bench.metric_${i}`)).join(', ')}]`;

const load = async (columns: ColumnStore): Promise<void> => {
  await insertSeries(columns, {
    count: METRICS * HOSTS,
    metric: `${hashes}[s % ${METRICS} + 1]`,
    name: `concat('bench.metric_', toString(s % ${METRICS}))`,
    id: 'cityHash64(s)',
    labels: `map('host', concat('host-', toString(intDiv(s, ${METRICS}))), 'service', concat('service-', toString(s % 20)), 'device', concat('device-', toString(s % 7)))`,
    enrichment: "map('datacenter', if(s % 4 = 0, 'fra1', 'ams1'))",
    ...{ kind: 'gauge', unit: '1', fromMs: FROM_MS, stepMs: STEP_MS, samples: SAMPLES, mantissa: 'toInt64(rand() % 1000)', exponent: 3 },
  });
  for (const table of ['samples', 'series']) await columns.command(`OPTIMIZE TABLE ${table} FINAL`, { settings: UNLIMITED });
};

interface Kind {
  readonly what: string;
  readonly ask: () => Promise<unknown>;
  readonly ms: number[];
  cpu: number;
  storeCpu: number;
}
const kind = (what: string, ask: () => Promise<unknown>): Kind => ({ what, ask, ms: [], cpu: 0, storeCpu: 0 });

const asked = async (url: string, agent: Agent): Promise<string> => {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const call = request(url, { method: 'POST', agent, headers: { 'content-type': 'application/json' } }, (answer) => {
    let text = '';
    answer.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    answer.on('end', () => resolve(text)).on('error', reject);
  });
  call.on('error', reject);
  const query = 'query($text: String!) { query(text: $text) { columns { name type unit values } rowCount diagnostics { code message } stats { elapsedMs } } }';
  call.end(JSON.stringify({ query, variables: { text: NEWEST } }));
  return promise;
};

/** The library by itself, in this process: what no road to it can be below. */
const withLibrary = async <T>(work: (library: Session) => Promise<T>): Promise<T> => {
  const folder = mkdtempSync(join(tmpdir(), 'inframirror-bench-'));
  const library = new Session(folder);
  try {
    return await work(library);
  } finally {
    library.close();
    rmSync(folder, { recursive: true, force: true });
  }
};

export const run = (): Promise<readonly Figure[]> =>
  withLibrary((library) =>
    withColumnStore(async ({ columns, cpu, storeCpu, untilMerged }) => {
      await load(columns);
      await untilMerged('s%');
      const search = openColumnSearch(columns);
      const catalogue = new LearnedCatalogue(DATASETS, columns, search);
      await catalogue.refresh(TO_MS);
      // Nothing is asked of it here.
      const records = {} as Records;
      const ports = { columns, search, records };
      // As in the product, where all marks pass through the process; none is written while this runs.
      const queries = new QueryService({ ports, catalogue, tellMarks: () => undefined, completeUpTo: () => undefined, now: () => TO_MS });
      const handler = graphqlServer({ queries } as unknown as Services, log);
      const server = createServer((incoming, response) => void handler(incoming, response, {}, { who: 'bench', mayChange: true, caller: unlimited('bench') }));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const kinds = [
        kind('SELECT 1 by the library alone', () => library.queryAsync('SELECT 1', { format: 'ArrowStream' })),
        kind('SELECT 1 by our port', () => columns.query('SELECT 1')),
        kind('newest value of one series, SQL by hand', () =>
          columns.query(
            'SELECT max(time), argMax(mantissa, time) FROM samples WHERE metric = {metric:UInt32} AND id = cityHash64(61707) AND time >= {from:DateTime64(3)}',
            {
              params: { metric: metricHash(METRIC), from: FROM_MS / 1000 },
            },
          ),
        ),
        kind('newest value of one series, IQL', async () => {
          const { rowCount, diagnostics } = await queries.for(unlimited('bench')).query(NEWEST);
          if (rowCount !== 1) throw new Error(`${rowCount} rows: ${diagnostics.map(({ message }) => message).join('; ')}`);
        }),
        kind('newest value of one series, GraphQL', async () => {
          const answer = await asked(url, agent);
          if (!answer.includes('"rowCount":1,')) throw new Error(answer);
        }),
      ];
      try {
        for (let round = -1; round < ROUNDS; round++)
          for (const each of kinds) {
            const [all, store] = [cpu(), storeCpu()];
            for (let i = 0; i < TIMES; i++) {
              const begun = performance.now();
              await each.ask();
              if (round >= 0) each.ms.push(performance.now() - begun);
            }
            // The first round is for warming up.
            if (round < 0) continue;
            each.cpu += cpu() - all;
            each.storeCpu += storeCpu() - store;
          }
      } finally {
        agent.destroy();
        server.close();
      }
      const cpuMs = ({ cpu: seconds, ms }: Kind): number => (seconds * 1e3) / ms.length;
      const [bare] = kinds as [Kind];
      return kinds.map((each): Figure => {
        const store = (each.storeCpu * 1e3) / each.ms.length;
        return {
          what: each.what,
          value: `${median(each.ms).toFixed(2)} ms, ${cpuMs(each).toFixed(1)} CPU-ms (store ${store.toFixed(1)})`,
          against: `${median(bare.ms).toFixed(2)} ms, ${cpuMs(bare).toFixed(1)} CPU-ms (the library alone)`,
          ratio: median(each.ms) / median(bare.ms),
        };
      });
    }),
  );
