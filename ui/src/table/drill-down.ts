// Where one row of an answer leads: the lines of its host then, its process over time, its trace, or the rows that it was counted from.
// Texts and addresses made of the row's own labels; asks nothing.
import type { Address } from '../address/address.ts';
import { bucketFor, type Range, spanMillis } from '../address/range.ts';
import type { Column, Value } from '../data/types.ts';
import { filterText, partsOf } from '../edit/filter-text.ts';
import { hasOwnRange, replaceOwnRange } from '../edit/own-range.ts';
import { hostAddress } from '../hosts/host-address.ts';
import { printProcess } from '../hosts/one-host-texts.ts';
import { rolesOf } from '../result/choose.ts';

export interface Way {
  readonly label: string;
  /** What is asked there, where it is a text. */
  readonly text?: string;
  readonly to: Partial<Address>;
}

/** Pipes that leave the rows they are given as they are. */
const KEEPS_ROWS = new Set(['where', 'search', 'set', 'lookup', 'parse', 'extract', 'json', 'logfmt', 'sort']);
const COUNTS = new Set(['count', 'summarize', 'every', 'distinct']);
/** `name =` in a pipe. */
const ASSIGNED = /([\p{L}_][\p{L}\p{N}_.]*|`[^`]+`)\s*=(?!=)/gu;

/** Looked at around a moment, ms. */
const AROUND = 300_000;

const ranged = (source: string, from: number, to: number): string => {
  const [a, b] = [new Date(from).toISOString(), new Date(to).toISOString()];
  return hasOwnRange(source) ? replaceOwnRange(source, from, to) : `${source} between @${a} and @${b}`;
};

/** The rows of its source that an aggregated row was made of: the same filters, and its keys. undefined where that cannot be said exactly. */
const behind = (text: string, keys: readonly (readonly [Column, Value])[], time: string | undefined): string | undefined => {
  const parts = partsOf(text);
  let count = 1;
  while (KEEPS_ROWS.has(parts[count]?.word ?? '')) count++;
  const next = parts[count];
  if (next === undefined || !COUNTS.has(next.word) || /^\s*(data|let|fn|alert)\b/i.test(text)) return undefined;
  const rest = text.slice(next.start);
  // A key that is worked out there is no field of the rows.
  const made = new Set([...rest.matchAll(ASSIGNED)].map(([, name = '']) => name.replaceAll('`', '')));
  if (keys.some(([{ name }]) => made.has(name))) return undefined;
  let source = text.slice(0, next.start).trimEnd();
  if (time !== undefined) {
    const width = spanMillis(/\bevery\s+(\w+)/i.exec(rest)?.[1] ?? '');
    if (width === undefined) return undefined;
    const end = parts[0]?.end ?? 0;
    source = ranged(source.slice(0, end).trimEnd(), Date.parse(time), Date.parse(time) + width) + source.slice(end);
  }
  let filtered: string | undefined = source;
  for (const [column, value] of keys) filtered = filtered === undefined ? undefined : filterText(filtered, column, value, true);
  return filtered;
};

/** `text`: the one whose answer it is. */
export const waysFrom = (columns: readonly Column[], row: number, text: string, address: Pick<Address, 'hosts' | 'range'>): readonly Way[] => {
  const { range } = address;
  const label = (name: string): string | undefined => {
    const value = columns.find((column) => column.name === name)?.values[row];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const go = (name: string, asked: string, view: Address['view'], to: Range | undefined = undefined): Way => ({
    label: name,
    text: asked,
    to: { page: 'explore', text: asked, view, columns: undefined, ...(to === undefined ? {} : { range: to }) },
  });
  const ways: Way[] = [];
  const [host, time, name, trace, start] = ['host', 'time', 'name', 'trace_id', 'start'].map(label);
  const pid = columns.find((column) => column.name === 'pid')?.values[row];
  const at = Date.parse(time ?? '');
  const { keys } = rolesOf(columns);
  const source = behind(
    text,
    keys.map((column) => [column, column.values[row] ?? null] as const),
    time,
  );
  if (source !== undefined) ways.push(go('The rows behind this', source, undefined));
  if (host !== undefined && start !== undefined && typeof pid === 'number') {
    const process = { pid, start };
    const to = hostAddress(address, host, 'processes');
    ways.push({ label: 'This process over time', to: { ...to, hosts: { ...address.hosts, ...to.hosts, process: printProcess(process) } } });
  }
  if (name !== undefined && host !== undefined && typeof pid === 'number')
    ways.push(
      go(
        `All that are called ${name.slice(0, 40)}`,
        `from processes\n| where name == ${JSON.stringify(name)}\n| sum cpu by time, host\n| every ${(spanMillis(bucketFor(range)) ?? 0) < 30_000 ? '30s' : bucketFor(range)} avg cpu`,
        'chart',
      ),
    );
  if (trace !== undefined) ways.push(go('All lines of this trace', `from logs\n| where trace_id == ${JSON.stringify(trace)}\n| sort time`, 'logs'));
  if (host !== undefined) {
    const logs = `from logs\n| where host == ${JSON.stringify(host)}`;
    ways.push(
      Number.isNaN(at)
        ? go('Log lines of this host', logs, 'logs')
        : go('Log lines of this host then', ranged('from logs', at - AROUND, at + AROUND) + logs.slice('from logs'.length), 'logs'),
    );
    ways.push({ label: `Host ${host.slice(0, 40)}`, to: hostAddress(address, host) });
  }
  return ways;
};
