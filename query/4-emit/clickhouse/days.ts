// Whether a row of `series_days`, under the alias `p`, has a day that meets a range (schemas/presence.ts).
import { dayStretch } from '../../../schemas/presence.ts';
import type { ClickHouseContext } from './context.ts';

const NANOS_PER_DAY = 86_400_000_000_000n;

/** `from` and `to`: ns, `to` not in it. */
export const emitDays = ({ from, to }: { readonly from: bigint; readonly to: bigint }, context: ClickHouseContext): string => {
  const { first, last } = dayStretch(Number(from / NANOS_PER_DAY), Number((to - 1n) / NANOS_PER_DAY));
  const number = (value: number): string => context.raw('UInt32', value);
  if (first.month === last.month) return `p.month = ${number(first.month)} AND bitAnd(p.days, ${number(first.days)}) != 0`;
  const [begin, end] = [number(first.month), number(last.month)];
  const days = `multiIf(p.month = ${begin}, ${number(first.days)}, p.month = ${end}, ${number(last.days)}, toUInt32(4294967295))`;
  return `p.month BETWEEN ${begin} AND ${end} AND bitAnd(p.days, ${days}) != 0`;
};
