// What to tell someone who writes PromQL: the same with pipes, where it is one function of one range, perhaps with one aggregation
// around it. Never guesses at the rest.

const AGGREGATION = /^(sum|avg|min|max|count)\s*(?:by\s*\(([^()]*)\)\s*)?\((.*)\)\s*(?:by\s*\(([^()]*)\))?$/is;
const CALL =
  /^(rate|irate|increase|delta|avg_over_time|min_over_time|max_over_time|sum_over_time|count_over_time)\s*\(\s*([\p{L}_:][\p{L}\p{N}_:.]*)\s*(?:\{([^{}]*)\})?\s*\[\s*(\d+(?:ms|s|m|h|d|w))\s*\]\s*\)$/iu;
const MATCHER = /^([\p{L}_][\p{L}\p{N}_.]*)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*")$/u;
const OPERATORS: Readonly<Record<string, string>> = { '=': '==', '!=': '!=', '=~': 'matches', '!~': 'not matches' };

const conditions = (matchers: string): readonly string[] | undefined => {
  const out: string[] = [];
  for (const part of matchers.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/)) {
    if (part.trim() === '') continue;
    const m = MATCHER.exec(part.trim());
    if (m === null) return undefined;
    const [, name, operator, value] = m as unknown as [string, string, string, string];
    out.push(`${name} ${OPERATORS[operator]} ${value}`);
  }
  return out;
};

/** The text as a query of IQL; undefined where it is not of that form. */
export const fromPromql = (text: string): string | undefined => {
  const whole = text.trim();
  // An aggregation's word may be a function of IQL too, whose brackets hold no range.
  const around = AGGREGATION.exec(whole);
  const call = CALL.exec((around?.[3] ?? whole).trim());
  if (call === null) return undefined;
  const [, name, metric, matchers = '', width] = call as unknown as [string, string, string, string | undefined, string];
  const where = conditions(matchers);
  if (where === undefined || /[.:]$/.test(metric)) return undefined;
  const f = name
    .toLowerCase()
    .replace(/^irate$/, 'rate')
    .replace(/_over_time$/, '');
  const source = metric.includes(':') ? `\`metrics.${metric}\`` : `metrics.${metric}`;
  const pipes = [`from ${source}`, ...(where.length === 0 ? [] : [`where ${where.join(' and ')}`]), `every ${width} ${f}`];
  if (around !== null) {
    const by = (around[2] ?? around[4] ?? '').trim();
    pipes.push(`${(around[1] as string).toLowerCase()}${by === '' ? '' : ` by ${by}`}`);
  }
  return pipes.join(' | ');
};
