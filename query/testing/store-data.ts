// Data for differential tests, in the form in which the tables keep it: series with gaps, resets, repeats and odd values; processes and JVMs;
// log lines with odd text; an inventory. The same seed gives the same data.
import { createHash } from 'node:crypto';
import { type Batch, FLOAT, INT8, INT64, TIME_MS, UINT32, UINT64, type Value } from '../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../core/batch/build.ts';
import { markOf, type SampleMark } from '../../schemas/sample-value.ts';
import { metricHash, seriesId } from '../../schemas/series-id.ts';
import { TABLE_FIELDS, type TableName } from '../../schemas/tables.ts';
import { encodeValues } from '../../schemas/testing/values.ts';
import { seeded } from './random.ts';
import { HOSTS, labelSets, METRICS, ODD_TEXTS, valuesOf } from './store-metrics.ts';

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;
/** Clocks go back in Berlin at 01:00 UTC this day, in New York a week later. */
export const CHANGE = Date.UTC(2026, 9, 25, 1);
export const BEGIN = CHANGE - 3 * HOUR;
export const END = CHANGE + 3 * HOUR;

/** What the inventory comes to say of a host's series, by minutes from the change of clocks; undefined: what it said at first. */
const MOVES: ReadonlyMap<string, readonly { readonly minutes: number; readonly enrichment?: Readonly<Record<string, string>> }[]> = new Map([
  ['web-1', [{ minutes: -7, enrichment: { datacenter: 'nyc2' } }, { minutes: 4.01 }]],
  ['db-1', [{ minutes: -3.5, enrichment: { datacenter: 'fra1', region: 'eu' } }]],
  ['unlisted', [{ minutes: -5, enrichment: { region: 'eu' } }]],
]);

const WORDS = [
  'connection',
  'refused',
  'Refused',
  'timeout',
  'healthcheck',
  'ok',
  'user',
  'GET',
  '/api/v1',
  'error=5',
  'Straße',
  'ΣΊΣΥΦΟΣ',
  'x-y_z',
  'naïve',
  '日本語',
  '😀',
  '200',
  'a',
  '"quoted"',
  "o'clock",
  'C:\\temp',
  '100%',
];

export interface StoreData {
  /** One batch an insert, in order. */
  readonly inserts: readonly { readonly table: TableName; readonly batch: Batch }[];
  /** Hours (start, ns) of a metric, or of any, that are marked so. */
  readonly marks: (mark: SampleMark, metric: number | undefined, from: bigint, to: bigint) => readonly bigint[];
  readonly hosts: readonly (readonly Value[])[];
  /** The inventory's states: as `hosts` without the last three of its columns, then valid_from, valid_to and the sender. */
  readonly history: readonly (readonly Value[])[];
  readonly events: readonly (readonly Value[])[];
}

type Row = Readonly<Record<string, Value>>;

export const toBatch = (table: TableName, rows: readonly Row[]): Batch =>
  batchOf(
    TABLE_FIELDS[table].map(
      (f) =>
        [
          f.name,
          columnFrom(
            f.type,
            rows.map((r) => r[f.name] ?? null),
          ),
        ] as const,
    ),
  );

const byDay = (rows: readonly Row[], nanos: boolean): readonly (readonly Row[])[] => {
  const days = new Map<bigint, Row[]>();
  const day = BigInt(DAY) * (nanos ? 1_000_000n : 1n);
  for (const row of rows) {
    const key = (row.time as bigint) / day;
    days.set(key, [...(days.get(key) ?? []), row]);
  }
  return [...days.values()];
};

const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());

/** When the counter of a sample began, ms: mostly none, or one that a restart moves; now and then not known, of long ago, or after the sample. */
const startsOf = (random: () => number): ((time: number) => number) => {
  if (random() < 0.3) return () => 0;
  let start = BEGIN - DAY;
  let before = start;
  return (time) => {
    const between = random();
    // Between the sample before and this one, both included.
    if (random() < 0.08) start = between < 0.2 ? before : between < 0.4 ? time : before + Math.floor(random() * (time - before));
    before = time;
    const odd = random();
    return odd < 0.04 ? 0 : odd < 0.06 ? BEGIN - 2 * DAY : odd < 0.08 ? time + 5000 : start;
  };
};

export const makeData = (seed: number): StoreData => {
  const random = seeded(seed);
  /** Beside the other, so that what came of that stays. */
  const chance = seeded(seed + 1);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const marked = new Map<string, Set<bigint>>();
  const markHour = (mark: SampleMark, metric: number, ms: number): void => {
    for (const key of [mark, `${mark}/${metric}`]) marked.set(key, (marked.get(key) ?? new Set()).add(BigInt(Math.floor(ms / HOUR) * HOUR) * 1_000_000n));
  };
  /** As the pipeline does. */
  const markValue = (metric: number, ms: number, value: number | 'stale'): void => {
    const mark = value === 'stale' ? 'stale' : markOf(Float64Array.of(value), new Uint32Array(2), 0);
    if (mark !== undefined) markHour(mark, metric, ms);
  };
  const inserts: { table: TableName; batch: Batch }[] = [];
  let insert = 1000n;

  const enrichmentOf = (host: string): ReadonlyMap<string, string> =>
    new Map(
      host.startsWith('web')
        ? [
            ['datacenter', 'fra1'],
            ['region', 'eu'],
            ['env', 'prod'],
          ]
        : host === 'db-1'
          ? [
              ['datacenter', 'nyc2'],
              ['region', ''],
            ]
          : [],
    );

  // Series and samples.
  const seriesRows: Row[] = [];
  const samples: Row[] = [];
  const later: Row[] = [];
  for (const info of METRICS) {
    const metric = metricHash(info.name);
    for (const labels of labelSets(info)) {
      const id = seriesId(info.name, labels, sha256);
      const definition: Row = {
        metric,
        name: info.name,
        id,
        since: BigInt(BEGIN - 10 * DAY),
        seen: BigInt(BEGIN - 10 * DAY),
        kind: info.kind,
        temporality: info.temporality,
        unit: info.unit ?? null,
        description: null,
        interval: info.intervalMs ?? 0,
        labels: new Map(labels),
        enrichment: new Map(enrichmentOf(labels.get('host') ?? '')),
      };
      seriesRows.push(definition, { ...definition, seen: BigInt(END) });
      // A row may say nothing new; a move of the host does.
      seriesRows.push({ ...definition, since: BigInt(BEGIN - DAY), seen: BigInt(BEGIN - DAY) });
      for (const { minutes, enrichment } of MOVES.get(labels.get('host') ?? '') ?? []) {
        const since = BigInt(CHANGE + minutes * MINUTE);
        seriesRows.push({
          ...definition,
          since,
          seen: since,
          enrichment: enrichment === undefined ? (definition.enrichment as Value) : new Map(Object.entries(enrichment)),
        });
      }
      const next = valuesOf(info.name, random);
      const startAt = startsOf(chance);
      const step = info.intervalMs ?? 30_000;
      const times: number[] = [];
      // Every series now and then stops for a while; the dense part is hours around the change of clocks, the sparse part days.
      for (
        let t = CHANGE - 30 * MINUTE + Math.floor(random() * 3) * step;
        t < CHANGE + 20 * MINUTE;
        t += step * (random() < 0.05 ? 30 : random() < 0.2 ? 2 : 1)
      )
        times.push(random() < 0.1 ? t + Math.floor(random() * 1000) : t);
      for (let t = BEGIN - 5 * DAY + Math.floor(random() * HOUR); t < END + 3 * DAY; t += 6 * HOUR + Math.floor(random() * 3) * 7 * MINUTE)
        if (t < BEGIN || t > END) times.push(t);
      for (let t = BEGIN; t < END; t += 10 * MINUTE)
        if (random() < 0.7 && (t < CHANGE - 30 * MINUTE || t > CHANGE + 20 * MINUTE)) times.push(random() < 0.2 ? t - 1 : t);
      for (const t of [...new Set(times)].sort((a, b) => a - b)) {
        const value = next();
        const sample = random() < 0.01 ? 'stale' : value;
        const start = startAt(t);
        if (start !== 0) markHour('start', metric, t);
        samples.push({ metric, id, time: BigInt(t), value: sample, start: BigInt(start) });
        markValue(metric, t, sample);
        if (random() < 0.02 && t < CHANGE + 5 * MINUTE) {
          const other = next();
          markValue(metric, t, other);
          later.push({ metric, id, time: BigInt(t), value: other, start: BigInt(startAt(t)) });
          markHour('double', metric, t);
        }
      }
    }
  }
  inserts.push(
    {
      table: 'series',
      batch: toBatch(
        'series',
        seriesRows.filter((_, i) => i % 2 === 0),
      ),
    },
    {
      table: 'series',
      batch: toBatch(
        'series',
        seriesRows.filter((_, i) => i % 2 === 1),
      ),
    },
  );
  const put = (rows: readonly Row[]): void => {
    for (const day of byDay(rows, false)) {
      const date = new Date(Number(day[0]?.time));
      const month = date.getUTCFullYear() * 100 + date.getUTCMonth() + 1;
      const sampled = new Map(
        day.map(({ metric = null, id = null }): [Value, Row] => [id, { metric, id, month, days: 2 ** (date.getUTCDate() - 1) }] as const),
      );
      inserts.push({ table: 'series_days', batch: toBatch('series_days', [...sampled.values()]) });
      const values = Float64Array.from(day, (r) => (r.value === 'stale' ? 0 : (r.value as number)));
      const words = new Int32Array(values.buffer);
      for (const [i, r] of day.entries()) if (r.value === 'stale') [words[i * 2], words[i * 2 + 1]] = [2, 0x7ff00000];
      const series = new Map<bigint, number>();
      const numbers = Int32Array.from(day, (r) => {
        const at = series.get(r.id as bigint) ?? series.size;
        series.set(r.id as bigint, at);
        return at;
      });
      const out = { mantissa: new BigInt64Array(day.length), exponent: new Int8Array(day.length), float: new Float64Array(day.length) };
      encodeValues(values, numbers, new Int8Array(series.size), out);
      insert += 1n;
      const fixed = <T extends BigInt64Array | Int8Array | Float64Array>(type: typeof INT64 | typeof INT8 | typeof FLOAT, v: T) =>
        ({ layout: 'fixed', type, length: day.length, validity: undefined, values: v }) as const;
      inserts.push({
        table: 'samples',
        batch: batchOf([
          [
            'metric',
            columnFrom(
              UINT32,
              day.map((r) => r.metric as number),
            ),
          ],
          [
            'id',
            columnFrom(
              UINT64,
              day.map((r) => r.id as bigint),
            ),
          ],
          [
            'time',
            columnFrom(
              TIME_MS,
              day.map((r) => r.time as bigint),
            ),
          ],
          ['mantissa', fixed(INT64, out.mantissa)],
          ['exponent', fixed(INT8, out.exponent)],
          ['float', fixed(FLOAT, out.float)],
          [
            'start',
            columnFrom(
              TIME_MS,
              day.map((r) => r.start as bigint),
            ),
          ],
          [
            'insert',
            columnFrom(
              UINT64,
              day.map(() => insert),
            ),
          ],
        ]),
      });
    }
  };
  put(samples);
  put(later);

  // Processes.
  const processes: Row[] = [];
  const optional = (v: Value): Value => (random() < 0.15 ? null : v);
  for (const host of ['web-1', 'web-2', 'db-1', '__proto__'])
    for (let n = 0; n < 4; n++) {
      const pid = 100 + n * 7;
      const start = BigInt(BEGIN - DAY + n * 1000);
      const labels = {
        host,
        pid,
        start,
        name: optional(pick(['nginx', 'postgres', 'node', ...ODD_TEXTS])),
        command: optional(pick(ODD_TEXTS)),
        user: optional(pick(['root', 'www', ''])),
        ...Object.fromEntries([...enrichmentOf(host)].map(([k, v]) => [k, v])),
      };
      const rowAt = (t: number): Row => ({
        ...labels,
        time: BigInt(t),
        parent: optional(1),
        state: optional(pick(['running', 'sleeping', 'zombie'])),
        cpu: optional(Math.round(random() * 64) / 64),
        memory: optional(BigInt(Math.floor(random() * 2 ** 33))),
        virtual_memory: optional(random() < 0.1 ? 2n ** 63n - 1n : BigInt(Math.floor(random() * 2 ** 40))),
        threads: optional(Math.floor(random() * 64)),
        open_files: optional(Math.floor(random() * 1000)),
        'io.read': optional(Math.round(random() * 1e6) / 8),
        'io.write': optional(Math.floor(random() * 3) * 100.5),
      });
      for (let t = CHANGE - 10 * MINUTE; t < CHANGE + 5 * MINUTE; t += 15_000 * (random() < 0.1 ? 12 : 1)) {
        processes.push(rowAt(t));
      }
    }
  for (const day of byDay(processes, false)) {
    insert += 1n;
    const at = insert;
    inserts.push({
      table: 'processes',
      batch: toBatch(
        'processes',
        day.map((r) => ({ ...r, insert: at })),
      ),
    });
  }

  // JVMs.
  const jvms: Row[] = [];
  for (const host of ['web-1', 'db-1'])
    for (let n = 0; n < 3; n++) {
      const labels = {
        ...{ host, pid: 100 + n * 7, start: BigInt(BEGIN - DAY + n * 1000), perf_data: n === 2 ? 'none' : 'read' },
        ...{ user: optional('root'), main_class: optional(pick(ODD_TEXTS)), version: optional('25.0.3') },
        ...Object.fromEntries([...enrichmentOf(host)].map(([k, v]) => [k, v])),
      };
      const numbers = (names: readonly string[]): Value => new Map(names.filter(() => random() < 0.7).map((name) => [name, Math.round(random() * 1e6) / 8]));
      for (let t = CHANGE - 10 * MINUTE, count = 0n; t < CHANGE + 5 * MINUTE; t += 15_000 * (random() < 0.1 ? 12 : 1)) {
        count += BigInt(Math.floor(random() * 9));
        jvms.push({
          ...labels,
          time: BigInt(t),
          'heap.used': optional(BigInt(Math.floor(random() * 2 ** 31))),
          'heap.utilization': optional(Math.round(random() * 64) / 64),
          pools: numbers(['eden', 'old', ...ODD_TEXTS]),
          'gc.count': optional(count),
          'gc.time': optional(Number(count) / 16),
          'gc.last': optional(BigInt(t - 2500)),
          collections: numbers(['young', 'full']),
          collection_times: numbers([]),
          threads: optional(Math.floor(random() * 64)),
        });
      }
    }
  for (const day of byDay(jvms, false)) {
    insert += 1n;
    const at = insert;
    inserts.push({
      table: 'jvm',
      batch: toBatch(
        'jvm',
        day.map((r) => ({ ...r, insert: at })),
      ),
    });
  }

  // Logs.
  const logs: Row[] = [];
  for (let i = 0; i < 700; i++) {
    const near = random() < 0.8;
    const ms = near ? CHANGE - 20 * MINUTE + Math.floor(random() * 40 * MINUTE) : BEGIN - 3 * DAY + Math.floor(random() * 6 * DAY);
    const edge = random();
    const time =
      BigInt(edge < 0.2 ? Math.floor(ms / MINUTE) * MINUTE : ms) * 1_000_000n + (edge < 0.1 ? -1n : edge < 0.5 ? 0n : BigInt(Math.floor(random() * 1e6)));
    const body =
      random() < 0.15 ? pick(ODD_TEXTS) : Array.from({ length: 1 + Math.floor(random() * 5) }, () => pick(WORDS)).join(pick([' ', ' ', '-', '  ', '=']));
    const written =
      random() < 0.03
        ? undefined
        : pick<Row>([
            {},
            {},
            { head: `${pick(WORDS)} ` },
            { head: `{"level":"${pick(WORDS)}","msg":"`, tail: `","n":${i % 7}}` },
            // As the pipeline leaves a message with quotes in its line.
            { head: '{"msg":"', tail: `\0","n":${i % 7}}` },
            { raw: `${pick(WORDS)}-${pick(WORDS)} ${JSON.stringify(body)} ${pick(ODD_TEXTS)}` },
          ]);
    const host = pick([...HOSTS, null]);
    const attributes = new Map<string, string>();
    const numbers = new Map<string, number>();
    if (random() < 0.5) attributes.set('path', pick(['/', '/api', ...ODD_TEXTS]));
    if (random() < 0.2) attributes.set('__proto__', pick(ODD_TEXTS));
    if (random() < 0.5) numbers.set('duration_ms', Math.round(random() * 4000) / 8);
    if (random() < 0.6) {
      if (random() < 0.8) numbers.set('status', pick([200, 404, 500, 503]));
      else attributes.set('status', pick(['200', 'none', '500']));
    }
    logs.push({
      time,
      severity: optional(pick(['trace', 'debug', 'info', 'info', 'warn', 'error', 'fatal', 'Error', 'odd'])),
      body: written === undefined ? null : body,
      raw: null,
      head: '',
      tail: '',
      ...written,
      service: optional(pick(['api', 'web', 'API', ''])),
      host,
      source: optional(pick(['/var/log/syslog', 'unit'])),
      trace_id: optional(pick(['', 'abc', '00ff'])),
      span_id: null,
      attributes,
      numbers,
      ...(host === null ? {} : Object.fromEntries([...enrichmentOf(host)])),
      sender: `agent-${i % 3}`,
      file: BigInt(Math.floor(i / 10)),
      position: BigInt(i),
      insert: 5000n + BigInt(i % 5),
    });
  }
  for (const day of byDay(logs, true)) inserts.push({ table: 'logs', batch: toBatch('logs', day) });

  const hosts = ['web-1', 'web-2', 'db-1', "o'hara", '__proto__'].map((host, i): readonly Value[] => [
    host,
    `id-${i}`,
    i === 1 ? null : 'Debian 13',
    '6.12',
    i % 2 === 0 ? 'amd64' : 'arm64',
    i === 2 ? null : BigInt(2 ** i),
    i === 3 ? null : BigInt(2 ** (30 + i)),
    ['10.0.0.1', '::1'].slice(0, i % 3),
    i < 2 ? 'eu' : null,
    ['fra1', 'fra1', 'nyc2', null, ''][i] ?? null,
    i === 4 ? 'prod' : null,
    pick(['web', 'db', '']),
    null,
    '1.0',
    BigInt(BEGIN) * 1_000_000n + BigInt(i),
    BigInt(END) * 1_000_000n,
    `agent-${i}`,
  ]);
  const history = hosts.slice(0, 4).flatMap((row, i) => {
    const [begun, moved] = [BEGIN + i * MINUTE, CHANGE + i].map((ms) => BigInt(ms) * 1_000_000n) as [bigint, bigint];
    const facts = row.slice(0, -3);
    const before = facts.with(9, i === 1 ? null : 'lon1');
    const sender = row.at(-1) as Value;
    // The last one is gone.
    return [[...before, begun, moved, sender], ...(i === 3 ? [] : [[...facts, moved, null, sender]])];
  });
  const events = Array.from({ length: 60 }, (_, i): readonly Value[] => [
    BigInt(BEGIN + Math.floor(random() * 6) * HOUR) * 1_000_000n,
    pick(['agent.start', 'inventory.change', '']),
    pick(ODD_TEXTS.filter((t) => !t.includes('\0'))),
    optional(pick(HOSTS)),
    optional('api'),
    optional('eu'),
    null,
    null,
    null,
    null,
    `agent-${i % 3}`,
    BigInt(i % 2),
    BigInt(i),
    BigInt(i % 4),
  ]);
  return {
    inserts,
    marks: (mark, metric, from, to) =>
      [...(marked.get(metric === undefined ? mark : `${mark}/${metric}`) ?? [])].filter((h) => h + 3_600_000_000_000n > from && h < to),
    hosts,
    history,
    events,
  };
};
