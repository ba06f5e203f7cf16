// Buckets of time as other languages cut them: `bin(time, 5m)`, `date_bin(…)`, `time_bucket("5m", time)`. Here they are `every`'s width.
import type { Expression } from './ast.ts';

/** Names of such functions and pipes, in lower case. `bucket` is a function here too: where it has a name it is one. */
export const TIME_BINS: ReadonlySet<string> = new Set(['bin', 'bin_at', 'bucket', 'date_bin', 'date_trunc', 'time_bucket', 'tumble', 'window']);

/** The width that a call cuts time by, as it is written; undefined where it is none or has none. */
export const binWidth = (e: Expression | undefined): string | undefined => {
  if (e?.node !== 'call' || !TIME_BINS.has(e.function.name.toLowerCase())) return undefined;
  const widths = e.arguments.filter((a) => a.node === 'quantity' && a.kind === 'duration');
  const [only] = widths;
  const others = e.arguments.every((a) => a === only || a.node === 'name');
  return only?.node === 'quantity' && widths.length === 1 && others ? only.text : undefined;
};
