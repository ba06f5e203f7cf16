// A rate over thirty days whose hours were put together, beside the same of the samples themselves: 1,000 counters, a sample a minute (43 M). Asked
// of the service in this process; made inside the store, so that the way in is left out. No peer: none here keeps a month twice.
import type { Records } from '../engines/records/port.ts';
import { openColumnSearch } from '../engines/search/embedded/open.ts';
import { rollUpHour } from '../pipeline/rollups/hour.ts';
import { LearnedCatalogue } from '../query/ask/learned-catalogue.ts';
import { unlimited } from '../query/caller.ts';
import { QueryService } from '../query/service.ts';
import { DATASETS } from '../schemas/catalogue.ts';
import { metricHash } from '../schemas/series-id.ts';
import { withColumnStore } from './column-store.ts';
import { type Figure, median, short } from './figure.ts';
import { insertSeries } from './load-store.ts';

const DAYS = Number(process.env.INFRAMIRROR_BENCH_DAYS ?? 30);
const SERIES = Number(process.env.INFRAMIRROR_BENCH_SERIES ?? 1000);
const TIMES = Number(process.env.INFRAMIRROR_BENCH_TIMES ?? 10);
const STEP_MS = 60_000;
const HOUR_MS = 3_600_000;
const TO = 1_795_219_200_000;
const FROM = TO - DAYS * 24 * HOUR_MS;
const METRIC = 'bench.requests';
const TEXTS = ['1h', '6h', '1d'].map((width) => `from metrics.${METRIC} last ${DAYS}d | every ${width} rate | sum by service`);

export const run = (): Promise<readonly Figure[]> =>
  withColumnStore(async ({ columns, cpu, untilMerged }) => {
    await insertSeries(columns, {
      count: SERIES,
      metric: String(metricHash(METRIC)),
      name: `'${METRIC}'`,
      id: 'cityHash64(s)',
      labels: `map('host', concat('host-', toString(s)), 'service', concat('service-', toString(s % 20)))`,
      enrichment: 'map()',
      kind: 'counter',
      unit: '{request}',
      fromMs: FROM,
      stepMs: STEP_MS,
      samples: (TO - FROM) / STEP_MS,
      // A counter begins anew each week or so.
      mantissa: 'toInt64((t + s * 7) % 9973) * (1 + s % 50)',
      exponent: 0,
    });
    await untilMerged('s%');
    const search = openColumnSearch(columns);
    const catalogue = new LearnedCatalogue(DATASETS, columns, search);
    await catalogue.refresh(TO);
    const ports = { columns, search, records: {} as Records };
    const cost = async (text: string, times: number): Promise<{ readonly p50: number; readonly cpuMs: number; readonly sum: number }> => {
      const service = new QueryService({ ports, catalogue, tellMarks: () => undefined, completeUpTo: () => undefined, now: () => TO, maxSeconds: 600 }).for(
        unlimited('bench'),
      );
      const ms: number[] = [];
      let sum = 0;
      const ask = async (): Promise<void> => {
        const begun = performance.now();
        const { lines, diagnostics } = await service.query(text, { lines: SERIES });
        const wrong = diagnostics.find(({ severity }) => severity === 'error');
        if (wrong !== undefined) throw new Error(wrong.message);
        sum = lines?.values[0]?.values.flat().reduce<number>((all, value) => all + (value ?? 0), 0) ?? Number.NaN;
        ms.push(performance.now() - begun);
      };
      if (times > 1) await ask();
      const before = cpu();
      for (let i = 0; i < times; i++) await ask();
      return { p50: median(ms.slice(-times)), cpuMs: ((cpu() - before) * 1000) / times, sum };
    };
    // Once, of one text: it reads all samples.
    const raw = await cost(TEXTS[1] as string, 1);
    const { signal } = new AbortController();
    for (let hour = FROM, version = 1; hour < TO; hour += HOUR_MS) await rollUpHour({ store: columns, hour, metrics: undefined, version: version++, signal });
    await untilMerged('rollup%');
    const figures: Figure[] = [];
    for (const text of TEXTS) {
      const rolled = await cost(text, TIMES);
      const isSame = text === TEXTS[1];
      if (isSame && Math.abs(raw.sum - rolled.sum) > 1e-6 * Math.abs(raw.sum)) throw new Error(`${text}: ${rolled.sum} of parts, ${raw.sum} of samples`);
      figures.push({
        what: text,
        value: `${short(rolled.p50)} ms, ${short(rolled.cpuMs)} CPU-ms (goal 60 ms)`,
        against: isSame ? `${short(raw.p50)} ms, ${short(raw.cpuMs)} CPU-ms of ${short((SERIES * (TO - FROM)) / STEP_MS)} samples` : '',
        ratio: isSame ? rolled.cpuMs / raw.cpuMs : undefined,
      });
    }
    return figures;
  });
