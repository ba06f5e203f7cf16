// The log lines of a result: which column is what, in which order of time they stand, and a name for each line that is the same in
// the next answer. Columns as they came; no object a line.
import type { Column, Result, Value } from '../data/types.ts';

/** `falling` is newest first, also where all times are the same; `none` where a text sorts by something else. */
export type TimeOrder = 'falling' | 'rising' | 'none';

export const orderOfTimes = (times: readonly Value[]): TimeOrder => {
  let falling = true;
  let rising = true;
  let before = Number.NaN;
  for (const time of times) {
    const at = Date.parse(String(time));
    if (at > before) falling = false;
    if (at < before) rising = false;
    before = at;
  }
  return falling ? 'falling' : rising ? 'rising' : 'none';
};

/** Rows that come newest first, oldest first: lines of one time stay in the order in which they were received. */
export const risingRows = (times: readonly Value[]): Int32Array => {
  const rows = new Int32Array(times.length);
  let to = times.length;
  for (let from = 0; from < times.length; ) {
    let end = from + 1;
    while (end < times.length && times[end] === times[from]) end++;
    to -= end - from;
    for (let row = from; row < end; row++) rows[to + row - from] = row;
    from = end;
  }
  return rows;
};

const NONE: readonly Value[] = [];

export class Lines {
  readonly columns: readonly Column[];
  readonly times: readonly Value[];
  readonly bodies: readonly Value[];
  readonly raws: readonly Value[] | undefined;
  readonly severities: readonly Value[] | undefined;
  readonly order: TimeOrder;
  readonly count: number;
  #names: readonly string[] | undefined;

  constructor({ columns }: Pick<Result, 'columns'>) {
    this.columns = columns;
    this.times = this.column('time')?.values ?? NONE;
    this.bodies = this.column('body')?.values ?? NONE;
    this.raws = this.column('raw')?.values;
    this.severities = this.column('severity')?.values;
    this.order = orderOfTimes(this.times);
    this.count = this.bodies.length;
  }

  column(name: string): Column | undefined {
    return this.columns.find((column) => column.name === name);
  }

  body(row: number): string {
    const body = this.bodies[row];
    return typeof body === 'string' ? body : body === null || body === undefined ? '' : JSON.stringify(body);
  }

  severity(row: number): string | null {
    const severity = this.severities?.[row];
    return typeof severity === 'string' ? severity : null;
  }

  /** The whole line as it was written, where it is more than its message. */
  raw(row: number): string | undefined {
    const raw = this.raws?.[row];
    return typeof raw === 'string' && raw !== '' && raw !== this.bodies[row] ? raw : undefined;
  }

  /** Time, place and text of a line; of equal ones also which of them it is, the oldest first. */
  name(row: number): string {
    this.#names ??= this.#allNames();
    return this.#names[row] ?? '';
  }

  rowNamed(name: string): number {
    this.#names ??= this.#allNames();
    return this.#names.indexOf(name);
  }

  #allNames(): readonly string[] {
    const [hosts, sources] = [this.column('host')?.values, this.column('source')?.values];
    const seen = new Map<string, number>();
    const names: string[] = new Array(this.count);
    for (let row = this.count - 1; row >= 0; row--) {
      const plain = `${this.times[row]} ${hosts?.[row]} ${sources?.[row]} ${this.body(row).slice(0, 200)}`;
      const before = seen.get(plain) ?? 0;
      seen.set(plain, before + 1);
      names[row] = before === 0 ? plain : `${plain} ${before}`;
    }
    return names;
  }
}
