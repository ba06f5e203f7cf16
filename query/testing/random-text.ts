// Random IQL texts that check: each pipe is made for the rows at that point. Made of choices, so that fewer and smaller choices are a
// shorter text. A pipe that the checker refuses is left out.

import type { Catalogue } from '../2-semantic/catalogue.ts';
import { isNumber, type Relation, type RelationColumn, visible } from '../2-semantic/type.ts';
import { isCount, isRatio } from '../2-semantic/unit.ts';
import type { ParameterValue } from '../3-plan/request.ts';
import { check, format } from '../language.ts';
import { Chooser } from './random.ts';
import { ODD_TEXTS } from './store-metrics.ts';

const PLAIN = /^[\p{L}_][\p{L}\p{M}\p{N}_]*(?:\.[\p{L}\p{M}\p{N}_]+)*$/u;
const RESERVED = new Set('and or not in between if case when then else end exists true false missing now as by per over from data let fn alert'.split(' '));
const name = (n: string): string => (PLAIN.test(n) && !RESERVED.has(n) ? n : `\`${n.replace(/[\\`]/g, '\\$&')}\``);
const quoted = (text: string): string => JSON.stringify(text);

const SOURCES = [
  'metrics.system.cpu.utilization',
  'metrics.system.network.io',
  'logs',
  'processes',
  'metrics.odd.values',
  'metrics.system.memory.usage',
  'metrics.http.requests',
  'metrics.http.latency',
  'hosts',
  'events',
  'metrics',
  ...['metrics.system.cpu.utilization', 'metrics.system.network.io', 'logs', 'processes', 'logs', 'processes'],
  'metrics.empty.metric',
  'jvm',
];
const RANGES = [
  '',
  '',
  '',
  '',
  '',
  '',
  ' last 20m',
  ' last 1h',
  ' last 1h',
  ' between @2026-10-25T00:50:00.001Z and @2026-10-25T01:07:30Z',
  ' between @2026-10-25[Europe/Berlin] and @2026-10-26[Europe/Berlin]',
  ' offset 1h',
  ' last 2d',
  ' last 30m offset 1d',
  ' between @2026-10-25T01:00:00Z and @2026-10-25T01:00:00Z',
];
const MOMENTS = ['', '', ' at @2026-10-25T01:00:00Z', ' at @2026-10-24T22:01:30Z', ' at now'];
const TEXTS: readonly string[] = ['web-1', 'db-1', 'eu', 'fra1', 'error', '200', 'GET', ...ODD_TEXTS];

/** Sources whose values cancel out so far that a sum depends on its order. */
const EXTREME = /^(metrics|metrics\.odd\.values)$/;

const numberLiteral = (c: RelationColumn, ch: Chooser): string => {
  const { unit } = c.type;
  if (unit === undefined || isCount(unit)) return ch.pick(['1', '0', '10', '100', '-1', '0.5', '1e6', '1e300', '9007199254740993', '123.456', '200', '404']);
  if (isRatio(unit) && unit.factor === 1) return ch.pick(['0.5', '50%', '0', '1', '10%', '-1', '99.9%']);
  return ch.pick(
    {
      By: ['1KiB', '0', '10MB', '512B', '1.5GB'],
      'By/s': ['1KiB/s', '0', '100B/s'],
      s: ['5s', '0', '100ms', '2m'],
      ms: ['5ms', '0', '1s', '250us'],
      '{request}/s': ['1/s', '0'],
    }[unit.text] ?? ['0'],
  );
};

class Builder {
  readonly #ch: Chooser;
  readonly #relation: Relation;
  readonly #columns: readonly RelationColumn[];
  readonly #extreme: boolean;
  constructor(ch: Chooser, relation: Relation, attributes: readonly string[], extreme: boolean) {
    this.#ch = ch;
    this.#extreme = extreme;
    this.#relation = relation;
    const extra = relation.open?.dataset.attributes === undefined ? [] : attributes;
    const open = (n: string): RelationColumn => ({
      name: n,
      type: { value: n === 'duration_ms' ? 'float' : n === 'status' ? 'unknown' : 'string', unit: undefined, bare: false },
      kind: undefined,
      label: false,
      description: '',
    });
    this.#columns = [...visible(relation), ...extra.filter((n) => !visible(relation).some((c) => c.name === n)).map(open)];
  }

  of(...types: readonly string[]): RelationColumn | undefined {
    const found = this.#columns.filter((c) => types.includes(c.type.value));
    return found.length === 0 ? undefined : this.#ch.pick(found);
  }
  any(): RelationColumn {
    return this.#ch.pick(this.#columns);
  }
  scalar(): RelationColumn {
    return this.of('string', 'int', 'float', 'time', 'bool', 'duration', 'ip') ?? this.any();
  }

  /** What rows are told apart by: of what was worked out no float, whose last digit two ways may have otherwise. */
  key(): RelationColumn {
    const c = this.scalar();
    return c.type.value === 'float' && !this.#relation.raw ? (this.of('string', 'int', 'time', 'bool') ?? c) : c;
  }

  text(): string {
    return quoted(this.#ch.pick(TEXTS));
  }

  /** An expression of about that type. */
  value(type: string, depth = 1): string {
    const ch = this.#ch;
    const column = this.of(type === 'number' ? 'float' : type, type === 'number' ? 'int' : type, 'unknown');
    const leaf = column === undefined ? this.literal(type) : name(column.name);
    if (depth <= 0) return leaf;
    const inner = (t: string): string => this.value(t, depth - 1);
    // Text shows the last digit of a float, which an aggregate may have otherwise: only what was read is made text.
    switch (type) {
      case 'number':
        return ch.pick<() => string>([
          () => leaf,
          () => (column === undefined ? leaf : `${leaf} ${ch.pick(['+', '-', '%'])} ${numberLiteral(column, ch)}`),
          () => `${leaf} ${ch.pick(['*', '/'])} ${ch.pick(['2', '0', '0.1', '3', '1e300', '7'])}`,
          () => `${ch.pick(['abs', 'ceil', 'floor', 'round', 'sqrt', 'ln', 'log2', 'log10', 'exp', 'sign', 'float', 'int'])}(${inner('number')})`,
          () => `round(${inner('number')}, ${ch.pick(['2', '0', '-1', '6'])})`,
          () => `${leaf} ${ch.pick(['/', '*'])} ${inner('number')}`,
          () => `${leaf} ?? ${column === undefined ? '0' : numberLiteral(column, ch)}`,
          () => `if(${this.condition(depth - 1)}, ${leaf}, ${column === undefined ? '1' : numberLiteral(column, ch)})`,
          () => `case when ${this.condition(0)} then ${leaf} when ${this.condition(0)} then 0 end`,
          () => `length(${inner('string')})`,
          () => `-${leaf}`,
          () => `${ch.pick(['least', 'greatest'])}(${leaf}, ${column === undefined ? '1' : numberLiteral(column, ch)})`,
          () => `clamp(${leaf}, 0, ${column === undefined ? '1' : numberLiteral(column, ch)})`,
          () => `${ch.pick(['hour', 'minute', 'day', 'weekday', 'month', 'year'])}(${inner('time')}${ch.pick(['', ', "Europe/Berlin"', ', "Asia/Kolkata"'])})`,
          () => `pow(${leaf}, ${ch.pick(['2', '0.5', '-1'])})`,
          () => `${ch.pick(['int', 'float'])}(${inner('string')})`,
          () => `hash(${inner('string')})`,
          () => `int(${this.condition(0)})`,
          () => this.failing(depth),
          () => this.failing(depth),
          () => this.failing(depth),
        ])();
      case 'string':
        return ch.pick<() => string>([
          () => leaf,
          () => `${ch.pick(['lower', 'upper', 'trim'])}(${inner('string')})`,
          () => `substring(${inner('string')}, ${ch.pick(['0', '1', '3', '-2'])}${ch.pick(['', ', 2', ', 0'])})`,
          () => `replace(${inner('string')}, ${this.text()}, ${this.text()})`,
          () => `replace_regex(${inner('string')}, r"${ch.pick(['[a-z]+', '\\\\d', '(.)(.)', '^'])}", ${ch.pick(['"x"', '""', "'<\\\\1>'"])})`,
          () => `concat(${inner('string')}, ${this.text()})`,
          () => `${leaf} ?? ${this.text()}`,
          () => `text(${inner(ch.pick(this.#relation.raw ? ['number', 'string', 'bool', 'time'] : ['string', 'bool', 'time']))})`,
          () => `if(${this.condition(depth - 1)}, ${leaf}, ${this.text()})`,
          () => `format_time(${inner('time')}, "%Y-%m-%d %H:%M")`,
          () => `concat(${inner(this.#relation.raw ? 'number' : 'time')}, ${inner('string')})`,
        ])();
      case 'time':
        return ch.pick<() => string>([
          () => leaf,
          () => `bucket(${leaf}, ${ch.pick(['1m', '1h', '7s', '1d'])})`,
          () => `${leaf} ${ch.pick(['+', '-'])} ${ch.pick(['1h', '5ms', '1d'])}`,
          () => leaf,
        ])();
      case 'duration':
        return ch.pick<() => string>([
          () => `${inner('time')} - @2026-10-25T01:00Z`,
          () => `${inner('time')} - ${inner('time')}`,
          () => `duration(${inner('number')})`,
        ])();
      case 'bool':
        return this.condition(depth - 1);
      default:
        return leaf;
    }
  }

  /** A number that can often not be represented, asked only of some rows now and then. */
  failing(depth: number): string {
    const ch = this.#ch;
    const column = this.of('float', 'int', 'float', 'int');
    const [x, y] = [column, this.of('float', 'int')].map((c) => (c === undefined ? this.literal('number') : name(c.name)));
    const plain = ch.pick([
      `${x} / 0`,
      `${x} / ${y}`,
      `${x} / (${x} - ${x})`,
      `${x} / floor(${y})`,
      `${x} % (${x} - ${x})`,
      `${x} * 9223372036854775807`,
      `${x} * 1e308 * 100`,
      `ln(-abs(${x}))`,
      `sqrt(-abs(${y}))`,
      `log10(floor(${x}))`,
    ]);
    return ch.pick<() => string>([
      () => plain,
      () => plain,
      () => `(${plain}) ?? (${x} / 0)`,
      () => `if(${this.condition(depth - 1)}, ${plain}, ${x} / 0)`,
      () => `case when ${this.condition(depth - 1)} then ${plain} when (${plain}) > 0 then 1 end`,
      () => `abs(${plain}) + ${x} / ${y}`,
      () => `if(exists (${plain}) or ${this.condition(0)}, 1, 0)`,
    ])();
  }

  literal(type: string): string {
    const ch = this.#ch;
    return (
      {
        number: ch.pick(['1', '0', '2.5', '-7']),
        string: this.text(),
        time: ch.pick(['@2026-10-25T01:00:00Z', '@2026-10-25T02:30[Europe/Berlin]', 'now', 'now - 1h']),
        bool: 'true',
        duration: '5m',
      }[type] ?? 'missing'
    );
  }

  condition(depth = 1): string {
    const ch = this.#ch;
    if (depth > 0 && ch.chance(3, 10)) {
      return ch.pick<() => string>([
        () => `not (${this.condition(depth - 1)})`,
        () => `(${this.condition(depth - 1)} and ${this.condition(depth - 1)})`,
        () => `(${this.condition(depth - 1)} or ${this.condition(depth - 1)})`,
      ])();
    }
    const compare = (): string => ch.pick(['==', '>', '<', '!=', '>=', '<=']);
    const c = this.scalar();
    const n = name(c.name);
    const own = (): string => {
      if (c.name === 'name' && this.#extreme)
        return ch.pick(['name == "system.cpu.utilization"', 'name in ("odd.values", "http.latency")', 'name like "http*"', 'name != "odd.values"']);
      if (isNumber(c.type)) {
        const l = (): string => numberLiteral(c, ch);
        return ch.pick<() => string>([
          () => `${n} ${compare()} ${l()}`,
          () => `${n} ${compare()} $number`,
          () => `${n} between ${l()} and ${l()}`,
          () => `${n} in (${l()}, ${l()})`,
          () => `exists ${n}`,
          () => `${this.value('number', depth)} ${compare()} ${l()}`,
          () => `(${this.failing(depth)}) ${compare()} 0`,
        ])();
      }
      if (c.type.levels !== undefined) return `${n} ${compare()} "${ch.pick(c.type.levels)}"`;
      if (c.type.value === 'string' || c.type.value === 'ip')
        return ch.pick<() => string>([
          () => `${n} ${compare()} ${this.text()}`,
          () => `${n} ${ch.pick(['in', 'not in'])} (${this.text()}, ${this.text()})`,
          () => `${n} ${ch.pick(['like', 'not like'])} ${quoted(ch.pick(['web-*', '*', '?', '*1', '*\\*', 'a?*', '%', '_', '*ß*', 'web-\\1', '*\n*']))}`,
          () => `${n} ${ch.pick(['==', '!=', '<'])} $text`,
          () => `${n} in ($list)`,
          () => `${n} starts with ${this.text()}`,
          () => `${n} contains ${this.text()}`,
          () => `${n} has ${quoted(ch.pick(['web', 'refused', 'Straße', '1', 'api v1', '日本語', 'x y']))}`,
          () => `${n} matches r"${ch.pick(['^web', '\\d+', '[[:upper:]]', '(?i)REFUSED', '\\bok\\b', 'a|b', '.', '\\p{L}{3}', '^$'])}"`,
          () => `exists ${n}`,
          () => `${this.value('string', depth)} ${compare()} ${this.value('string', depth)}`,
          () => `cidr(${n}, "10.0.0.0/8")`,
        ])();
      if (c.type.value === 'time') return `${this.value('time', depth)} ${compare()} ${this.literal('time')}`;
      if (c.type.value === 'bool') return n;
      if (c.type.value === 'duration') return `${n} ${compare()} ${ch.pick(['5m', '0s', '1ms', '-1h'])}`;
      if (c.type.value === 'unknown') return `${n} ${compare()} ${ch.pick(['500', '"200"', '404'])}`;
      return `exists ${n}`;
    };
    return own();
  }

  aggregate(overTime: boolean, named: boolean): string {
    const ch = this.#ch;
    const number = this.of('float', 'int', 'float', 'duration');
    const any = this.scalar();
    const of = (c: RelationColumn | undefined): string => (c === undefined ? '' : name(c.name));
    const where = ch.chance(1, 6) ? ` where ${this.condition(0)}` : '';
    const list: string[] =
      number === undefined
        ? []
        : (this.#extreme ? ['max', 'min', 'p95', 'p50'] : ['avg', 'max', 'min', 'sum', 'p95', 'p50', 'stddev', 'variance', 'p99.9']).map(
            (f) => `${f}(${of(number)}${where})`,
          );
    list.push(
      where === '' ? 'count()' : `count(${where.trim()})`,
      `count(${of(any)})`,
      `last(${of(any)}${where})`,
      `first(${of(any)})`,
      `distinct_count(${of(any)})`,
      `values(${of(any)})`,
      `any(${of(any)})`,
      `max(${of(any)})`,
      `min(${of(any)}${where})`,
    );
    if (number !== undefined && !this.#extreme)
      list.push(`sum(${of(number)} * 2) / count()`, `max(${of(number)}) - min(${of(number)})`, `quantile(0.25, ${of(number)})`);
    if (number !== undefined && ch.chance(1, 4)) {
      const divided = `${of(number)} / ${of(this.of('float', 'int') ?? number)}`;
      const f = ch.pick(this.#extreme ? ['max', 'count', 'last'] : ['sum', 'avg', 'max', 'min', 'count', 'stddev', 'p50', 'last']);
      const guard = ch.chance(1, 2) ? where : ` where ${of(number)} != 0`;
      const size = `abs(${of(number)})`;
      // Of one sign: else it is the order that decides whether a sum overflows.
      const huge = this.#extreme ? [] : [`${ch.pick(['sum', 'avg'])}(${size} * 1e308)`, `sum(${size} * 9007199254740993)`];
      const made = ch.pick([`${f}(${divided}${guard})`, `${f}(${divided})`, `max(${of(number)} where ${divided} > 0)`, ...huge]);
      return named ? `agg${ch.number(3)} = ${made}` : made;
    }
    if (overTime && number !== undefined && !this.#extreme)
      list.unshift('rate', 'increase', `delta(${of(number)})`, `rate(${of(number)})`, `increase(${of(number)})`);
    if (overTime && number !== undefined && !this.#extreme) list.push('avg', 'max', 'last', 'sum');
    const made = ch.pick(list);
    return named ? `agg${ch.number(3)} = ${made}` : made;
  }

  keys(least: number): string {
    const ch = this.#ch;
    const count = least + ch.number(3);
    const out: string[] = [];
    for (let i = 0; i < count; i++) {
      const c = this.key();
      const k = ch.chance(1, 6) ? `k${i} = ${this.value(ch.pick(['string', 'number', 'time']), 1)}` : name(c.name);
      if (!out.includes(k)) out.push(k);
    }
    return out.join(', ');
  }

  by(): string {
    const keys = this.keys(0);
    return keys === '' ? '' : ` by ${keys}`;
  }

  pipe(): string {
    const ch = this.#ch;
    const series = this.#relation.shape === 'series' && this.#relation.bucket === undefined;
    const width = (): string => ch.pick(['1m', '5m', '1h', '1d', 'all', '7s', '90s', '1w', '2d', '15s', 'auto']);
    const over = (): string => (ch.chance(1, 3) ? ` over ${ch.pick(['5m', '10s', '1h', '90s', '1d'])}` : '');
    const makers: (() => string)[] = [
      () => `where ${this.condition(2)}`,
      () => `limit ${ch.pick(['10', '1', '3', '0', '100', '$count'])}`,
      () => `sort ${name(this.scalar().name)}${ch.pick(['', ' desc'])}${ch.chance(1, 3) ? `, ${name(this.scalar().name)} desc` : ''}`,
      () => `set x${ch.number(2)} = ${this.value(ch.pick(['number', 'string', 'bool', 'time', 'duration']), 2)}`,
      () => `top ${ch.pick(['3', '1', '10'])} by ${this.value('number', 1)}${ch.chance(1, 2) ? ` per ${this.keys(1)}` : ''}`,
      () => `bottom ${ch.pick(['3', '1'])} by ${name(this.scalar().name)}${ch.chance(1, 2) ? ` per ${name(this.key().name)}` : ''}`,
      () => `${ch.pick(['top', 'bottom'])} ${ch.pick(['2', '1'])} ${name((this.of('string') ?? this.any()).name)} by ${this.aggregate(false, false)}`,
      () =>
        `select ${name(this.any().name)}, ${ch.chance(1, 2) ? `y = ${this.value('number', 1)}` : name(this.any().name)}${this.#relation.timed && ch.chance(1, 2) ? ', time' : ''}`,
      () => `drop ${name(this.any().name)}`,
      () => `rename ${name(this.any().name)} as renamed${ch.number(2)}`,
      () => `distinct ${this.keys(1)}`,
      () => `summarize ${this.aggregate(false, ch.chance(1, 2))}${ch.chance(1, 2) ? `, ${this.aggregate(false, true)}` : ''}${this.by()}`,
      () =>
        `${ch.pick(this.#extreme ? ['count', 'max', 'min', 'p95', 'last'] : ['count', 'sum', 'avg', 'max', 'min', 'p95', 'last'])}${ch.chance(1, 2) ? '' : ` ${name((this.of('float', 'int') ?? this.any()).name)}`}${this.by()}`,
      () => `latest${series && ch.chance(2, 3) ? '' : ` by ${this.keys(1)}`}`,
      () =>
        series
          ? `every ${width()} ${this.aggregate(true, false)}${over()}${ch.chance(1, 4) ? `, ${this.aggregate(true, true)}` : ''}`
          : `every ${width()} ${this.aggregate(false, false)}${over()}${this.by()}`,
      () =>
        `where ${name((this.of('string') ?? this.any()).name)} ${ch.pick(['in', 'not in'])} (from ${ch.pick(['hosts', 'logs last 1h', 'processes last 1h'])} | select host)`,
      () =>
        `search ${ch.pick(['refused', '"connection refused"', 'err*', 'ok -user', '日本*', 'straße or σίσυφος', 'host:web-1', 'status:500', '"x y"', 'not ok', '😀', '200 or (get -api)', 'c:', 'naïve', 'duration_ms:12'])}`,
      () => 'lookup hosts on host',
      () => `fill ${ch.pick(['0', 'missing', 'previous', 'linear'])}`,
    ];
    const list = this.of('list');
    if (list !== undefined) makers.push(() => `unnest ${name(list.name)}`);
    // What carries expressions comes oftener: there are many functions.
    const [where, , , set] = makers as [() => string, () => string, () => string, () => string];
    makers.push(
      where,
      set,
      set,
      set,
      set,
      set,
      () => `set x${ch.number(2)} = ${this.failing(1)}`,
      () => `where (${this.failing(1)}) > 0`,
    );
    if (series && ch.chance(1, 2)) return (makers[14] as () => string)();
    return ch.pick(makers)();
  }
}

/** Values of the parameters that the texts use. */
export const PARAMETERS: ReadonlyMap<string, ParameterValue> = new Map<string, ParameterValue>([
  ['text', 'web-1'],
  ['list', ['eu', 'web-2', '日本', "it's"]],
  ['number', 0.5],
  ['count', 7n],
]);

/** A text that checks. `pipes`: the choices of each pipe. */
export const randomText = (head: readonly number[], pipes: readonly (readonly number[])[], catalogue: Catalogue): string => {
  const ch = new Chooser(head);
  const source = ch.pick(SOURCES);
  let text = `from ${source}${ch.pick(source === 'hosts' ? MOMENTS : RANGES)}`;
  for (const numbers of pipes) {
    const choices = new Chooser(numbers);
    const { points } = check(text, catalogue);
    const relation = points.at(-1)?.input;
    if (relation === undefined) break;
    const longer = `${text} | ${new Builder(choices, relation, catalogue.attributeNames(source), EXTREME.test(source)).pipe()}`;
    if (check(longer, catalogue).query !== undefined) text = longer;
  }
  return format(text) ?? text;
};
