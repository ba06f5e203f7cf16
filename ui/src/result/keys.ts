// Which keys tell the lines of a chart apart, how a line is called, what is said once for all, and by what a line is coloured.
// Works on one representative row per line; never looks at values that are drawn.
import type { Column, Value } from '../data/types.ts';
import { severityToken, stateToken } from '../logs/severity.ts';
import type { Merge } from './line-rows.ts';

/** What gives a line its colour: a state whose colour is fixed, the host, or whatever else it is called. */
export type Identity =
  | { readonly kind: 'host'; readonly host: string }
  /** `host` tells lines of one state apart, where there are several. */
  | { readonly kind: 'state'; readonly token: string; readonly host?: string }
  | { readonly kind: 'value'; readonly text: string }
  /** All the lines that are not drawn, together. */
  | { readonly kind: 'rest'; readonly merge: Merge };

export interface Naming {
  /** Per group: short, different from every other, for people. */
  readonly labels: readonly string[];
  /** Per group: every key that has a value, for those who want it exactly. */
  readonly titles: readonly string[];
  readonly identities: readonly Identity[];
  /** What all groups share: `host vm, device vda`; empty where nothing. */
  readonly caption: string;
}

const isHost = (column: Column): boolean => column.name === 'host' || column.name === 'host.name';
const isThere = (value: Value | undefined): value is Exclude<Value, null> => value !== null && value !== undefined && value !== '';
const written = (value: Value | undefined): string => (typeof value === 'object' ? JSON.stringify(value) : String(value));

export interface Groups {
  /** The group of each row. */
  readonly ofRow: Uint32Array;
  /** A row of each group. */
  readonly rows: readonly number[];
}

/** Rows with the same keys are one group; each column is read once. */
export const groupRows = (keys: readonly Column[], rowCount: number): Groups => {
  const ofRow = new Uint32Array(rowCount);
  let rows: number[] = rowCount === 0 ? [] : [0];
  for (const { values } of keys) {
    const codes = new Map<unknown, number>();
    const seen = new Map<number, number>();
    rows = [];
    for (let row = 0; row < rowCount; row++) {
      const value = values[row] ?? null;
      const plain = typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
      let code = codes.get(plain);
      if (code === undefined) {
        code = codes.size;
        codes.set(plain, code);
      }
      const pair = (ofRow[row] as number) * 0x100_0000 + code;
      let group = seen.get(pair);
      if (group === undefined) {
        group = rows.length;
        seen.set(pair, group);
        rows.push(row);
      }
      ofRow[row] = group;
    }
  }
  return { ofRow, rows };
};

/** Whether a host of its own decides what the column says, as with labels the agent sends along. */
const followsHost = (column: Column, host: Column, rows: readonly number[]): boolean => {
  const of = new Map<unknown, unknown>();
  for (const row of rows) {
    const value = column.values[row] ?? null;
    const name = host.values[row] ?? null;
    if (of.has(name) && of.get(name) !== value) return false;
    of.set(name, value);
  }
  return true;
};

const mentions = (text: string, name: string): boolean => {
  for (let at = text.indexOf(name); at !== -1; at = text.indexOf(name, at + 1))
    if (!/[\w.]/.test(text[at - 1] ?? '') && !/[\w.]/.test(text[at + name.length] ?? '')) return true;
  return false;
};

/** Keys that differ between the groups, without those that only repeat what the host says and the text does not ask for. */
const tellingKeys = (keys: readonly Column[], rows: readonly number[], text: string): readonly Column[] => {
  const first = rows[0] ?? 0;
  const varying = keys.filter(({ values }) => rows.some((row) => (values[row] ?? null) !== (values[first] ?? null)));
  const host = varying.find(isHost);
  if (host === undefined) return varying;
  return varying.filter((column) => column === host || mentions(text, column.name) || !followsHost(column, host, rows));
};

const tokenAt = (column: Column, row: number): string | undefined => {
  const value = column.values[row] ?? null;
  return typeof value === 'object' && value !== null ? undefined : stateToken(column.name, value);
};

/** `states`: the keys that say a state somewhere; where one of them says none, that is a state too. */
const identityOf = (telling: readonly Column[], states: ReadonlySet<Column>, row: number, name: string): Identity => {
  const column = telling.find((one) => isHost(one) && isThere(one.values[row]));
  const host = column === undefined ? undefined : written(column.values[row]);
  for (const state of telling) {
    const token = tokenAt(state, row) ?? (states.has(state) && !isThere(state.values[row]) ? severityToken(null) : undefined);
    if (token !== undefined) return { kind: 'state', token, ...(host === undefined ? {} : { host }) };
  }
  if (host !== undefined) return { kind: 'host', host };
  const text = [...telling.map(({ values }) => written(values[row] ?? '')), name].join('\u0000');
  return { kind: 'value', text };
};

/** How the groups are called. `name` is that of the value drawn where there are several, else empty. */
export const namingOf = (keys: readonly Column[], rows: readonly number[], text: string, name: string): Naming => {
  const varying = tellingKeys(keys, rows, text);
  const alone = varying.length === 0 && name === '';
  const telling = alone ? keys : varying;
  const first = rows[0] ?? 0;
  const common = alone ? [] : keys.filter(({ values }) => isThere(values[first]) && rows.every((row) => values[row] === values[first]));
  const states = new Set(telling.filter((column) => rows.some((row) => tokenAt(column, row) !== undefined)));
  /** Beside other keys a missing one that was asked for is said: a line without its name would read as the total. */
  const said = new Set(telling.filter((column) => telling.length > 1 && (states.has(column) || mentions(text, column.name))));
  const short = (row: number): string =>
    telling.flatMap((column) => (isThere(column.values[row]) ? [written(column.values[row])] : said.has(column) ? [`no ${column.name}`] : [])).join(' · ');
  const full = (row: number): string =>
    telling.map((column) => (isThere(column.values[row]) ? `${column.name} ${written(column.values[row])}` : `no ${column.name}`)).join(' · ');
  const uses = new Map<string, number>();
  for (const row of rows) uses.set(short(row), (uses.get(short(row)) ?? 0) + 1);
  return {
    labels: rows.map((row) => {
      const label = short(row);
      const clear = telling.length === 0 || (label !== '' && uses.get(label) === 1);
      return [clear ? label : full(row), name].filter((part) => part !== '').join(' · ');
    }),
    titles: rows.map((row) => keys.flatMap((column) => (isThere(column.values[row]) ? [`${column.name} ${written(column.values[row])}`] : [])).join(', ')),
    identities: rows.map((row) => identityOf(telling, states, row, name)),
    caption: common.map((column) => `${column.name} ${written(column.values[first])}`).join(', '),
  };
};
