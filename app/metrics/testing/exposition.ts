// A strict reader of what `/metrics` says, by the grammars alone: https://prometheus.io/docs/instrumenting/exposition_formats/ and
// https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md. Throws with the line on the first thing that breaks them.

export interface Family {
  readonly type: string;
  readonly help: string;
  readonly samples: { readonly name: string; readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

const SUFFIXES: Readonly<Record<string, readonly string[]>> = { gauge: [''], histogram: ['_bucket', '_sum', '_count'] };
/** A line ends at a line feed alone: other signs that end one elsewhere may be in a value. */
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/s;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"(?:,|$)/;
const NUMBER = /^[+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf)$|^NaN$/;

const labelsOf = (text: string): Record<string, string> => {
  const labels: Record<string, string> = {};
  for (let rest = text; rest !== ''; ) {
    const [whole = '', name = '', value = ''] = LABEL.exec(rest) ?? [];
    if (whole === '') throw new Error(`no label: ${rest}`);
    if (Object.hasOwn(labels, name)) throw new Error(`twice: ${name}`);
    labels[name] = value;
    rest = rest.slice(whole.length);
  }
  return labels;
};

const numberOf = (text: string): number => {
  if (!NUMBER.test(text)) throw new Error(`no number: ${text}`);
  return Number(text.replace('Inf', 'Infinity'));
};

export const readExposition = (text: string, format: 'prometheus' | 'openmetrics'): ReadonlyMap<string, Family> => {
  const isOpen = format === 'openmetrics';
  if (!text.endsWith(isOpen ? '\n# EOF\n' : '\n')) throw new Error('it does not end as it must');
  const lines = text.slice(0, isOpen ? -'# EOF\n'.length - 1 : -1).split('\n');
  const families = new Map<string, Family>();
  let help: { readonly name: string; readonly text: string } | undefined;
  let current: { readonly name: string; readonly family: Family } | undefined;
  const seen = new Set<string>();
  for (const line of lines)
    try {
      const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/s.exec(line) ?? [];
      if (kind === 'HELP') {
        if (rest === '' || (isOpen ? /(?<!\\)(?:\\\\)*"/ : /$^/).test(rest)) throw new Error('no help');
        help = { name, text: rest };
        continue;
      }
      if (kind === 'TYPE') {
        if (help?.name !== name) throw new Error('no HELP stands before it');
        if (families.has(name)) throw new Error('a family stands in two places');
        if (!['counter', 'gauge', 'histogram'].includes(rest)) throw new Error('no type');
        if (isOpen && rest === 'counter' && name.endsWith('_total')) throw new Error('a family of counters is named without _total');
        if (rest !== 'counter' && name.endsWith('_total')) throw new Error('only counters end in _total');
        current = { name, family: { type: rest, help: help.text, samples: [] } };
        families.set(name, current.family);
        continue;
      }
      const [, sample = '', labelText, value = ''] = SAMPLE.exec(line) ?? [];
      if (sample === '' || current === undefined) throw new Error('no sample');
      const { type, samples } = current.family;
      const suffix = sample.slice(current.name.length);
      const fits = type === 'counter' ? (isOpen ? ['_total'] : ['']) : (SUFFIXES[type] ?? []);
      if (!sample.startsWith(current.name) || !fits.includes(suffix)) throw new Error(`it is not of ${current.name}`);
      if (type === 'counter' && !sample.endsWith('_total')) throw new Error('a counter ends in _total');
      const labels = labelsOf(labelText ?? '');
      const key = `${sample} ${JSON.stringify(Object.entries(labels).toSorted())}`;
      if (seen.has(key)) throw new Error('a sample stands twice');
      seen.add(key);
      const number = numberOf(value);
      if (type !== 'gauge' && !(number >= 0)) throw new Error('it fell below 0');
      samples.push({ name: sample, labels, value: number });
    } catch (error) {
      throw new Error(`${line}: ${(error as Error).message}`);
    }
  for (const [name, { type, samples }] of families) {
    if (samples.length === 0) throw new Error(`${name} has nothing`);
    if (type === 'histogram') checkHistogram(name, samples);
  }
  return families;
};

/** By its labels: bounds and counts rise, the last bucket has all. */
const checkHistogram = (name: string, samples: Family['samples']): void => {
  const sets = new Map<string, { buckets: [number, number][]; count: number | undefined; sum: number | undefined }>();
  for (const {
    name: sample,
    labels: { le, ...labels },
    value,
  } of samples) {
    const key = JSON.stringify(labels);
    const set = sets.get(key) ?? { buckets: [], count: undefined, sum: undefined };
    sets.set(key, set);
    if (sample.endsWith('_bucket')) set.buckets.push([numberOf(le ?? ''), value]);
    else if (sample.endsWith('_count')) set.count = value;
    else set.sum = value;
  }
  for (const [key, { buckets, count, sum }] of sets) {
    const isRising = buckets.every(([bound, value], i) => i === 0 || (bound > (buckets[i - 1]?.[0] ?? 0) && value >= (buckets[i - 1]?.[1] ?? 0)));
    const last = buckets.at(-1);
    if (!isRising || last?.[0] !== Number.POSITIVE_INFINITY || last[1] !== count || sum === undefined) throw new Error(`${name} ${key} is no histogram`);
  }
};
