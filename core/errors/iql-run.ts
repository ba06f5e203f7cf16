// Errors of running a query: limits reached, sides of a lookup that do not fit.
import { entry, type NoParameters } from './entry.ts';

export const IQL_RUN_ERRORS = {
  'iql.too-many-rows': entry(
    (p: { limit: number; amount: number }) => `the query holds ${p.amount} rows at once, more than the limit of ${p.limit}`,
    { limit: 5_000_000, amount: 5_012_345 },
    'Ask for a shorter range, filter earlier, or aggregate before sorting and joining.',
  ),
  'iql.too-many-bytes': entry(
    (p: { limit: number; amount: number }) => `the query holds ${p.amount} bytes at once, more than the limit of ${p.limit}`,
    { limit: 536_870_912, amount: 540_123_456 },
    'Ask for a shorter range, keep fewer columns with `select`, or aggregate earlier.',
  ),
  'iql.failed': entry(
    (p: { id: string }) => `InfraMirror could not answer this text though it is right: a defect of its own. Its log says more under ${p.id}`,
    { id: '1b4e28ba' },
    'Please report the text with the lines of the server’s log that name the id. Leaving out one pipe after the other shows which one it is.',
  ),
  'iql.text-too-long': entry(
    (p: { function: string; limit: number; amount: number }) => `${p.function} makes a text of ${p.amount} characters or more, the limit is ${p.limit}`,
    { function: 'concat', limit: 4_194_304, amount: 4_500_000 },
    'Make it of fewer or shorter parts: `substring(x, 0, 1000)`. The longest log line is a quarter of the limit.',
  ),
  'iql.regex-too-costly': entry(
    (p: { function: string; limit: number; amount: number; length: number }) =>
      `${p.function} would look at a text of ${p.length} characters with an expression that takes up to ${p.amount} steps for it, more than the limit of ${p.limit}`,
    { function: 'matches', limit: 16_777_216, amount: 536_870_912, length: 1_048_576 },
    'Shorten the text (`substring(x, 0, 10000)`), use smaller repetitions (`x+` instead of `x{500}`), or look for plain text with `contains` or `like`.',
  ),
  'iql.no-memory': entry(
    (p: { limit: number; amount: number; own: number }) =>
      `all queries that run now hold ${p.amount} bytes together, more than the limit of ${p.limit}; this one holds ${p.own}`,
    { limit: 1_073_741_824, amount: 1_074_000_000, own: 104_857_600 },
    'Ask again when others have ended. A shorter range, fewer columns (`select`) or an earlier aggregation need less.',
  ),
  'iql.too-slow': entry(
    (p: { seconds: number }) => `the query took longer than the limit of ${p.seconds} s and was stopped`,
    { seconds: 30 },
    'Ask for a shorter range, filter earlier, or aggregate before sorting, filling and joining.',
  ),
  'iql.too-many-questions': entry(
    (p: { limit: number }) => `you have ${p.limit} ${p.limit === 1 ? 'question' : 'questions'} under way, and may have no more at once`,
    { limit: 4 },
    'Ask again when one of them has ended, or end one. Whoever manages users can raise the limit.',
  ),
  'iql.answer-too-large': entry(
    (p: { what: string; limit: number; amount: number }) => `the answer has ${p.amount} ${p.what}, more than the limit of ${p.limit}`,
    { what: 'values', limit: 10_000_000, amount: 30_000_000 },
    'Ask for fewer columns (`select`), fewer rows (`limit`), or shorter texts (`substring(body, 0, 1000)`).',
  ),
  'iql.removed': entry(
    (p: { source: string; before: string }) => `of the ${p.source} before ${p.before} some or all were removed: the answer lacks them`,
    { source: 'logs', before: '2026-10-30T00:00:00.000Z' },
    'They were older than they are kept, or went because the disk was full; Status says which. How long each kind is kept is a setting: `retention` in `inframirror config print`.',
  ),
  'iql.series-unknown': entry(
    (p: { source: string }) => `the server knows only some of the series of ${p.source}: the answer may lack those of the others`,
    { source: 'metrics.http.requests' },
    'There are more series than it keeps in memory: Status says so, and what to do. Their samples are stored, and are found again once there is room.',
  ),
  'iql.cancelled': entry((_: NoParameters) => 'the query was stopped', {}, 'It was stopped by its caller; run it again if that was not meant.'),
};
