// Diagnostics of IQL's checker: names, types, units, forms of pipes.
import { entry, type NoParameters } from './entry.ts';

const suggestion = (nearest: string): string => (nearest === '' ? '' : `; did you mean ${JSON.stringify(nearest)}?`);

export const IQL_CHECK_ERRORS = {
  'iql.unknown-source': entry(
    (p: { name: string; nearest: string }) => `there is no source ${JSON.stringify(p.name)}${suggestion(p.nearest)}`,
    { name: 'metrics.system.cpu.utilisation', nearest: 'metrics.system.cpu.utilization' },
    'Write the name of a dataset, of a metric (`metrics.<name>`) or of a `let`. Completion after `from` lists them.',
  ),
  'iql.unknown-field': entry(
    (p: { name: string; source: string; nearest: string }) => `unknown field ${JSON.stringify(p.name)} on ${p.source}${suggestion(p.nearest)}`,
    { name: 'hots', source: 'logs', nearest: 'host' },
    'Write a field of the source, or one that an earlier pipe made. Where attributes are learned from the data this is a warning and the field is missing.',
  ),
  'iql.unknown-function': entry(
    (p: { name: string; nearest: string }) => `there is no function ${JSON.stringify(p.name)}${suggestion(p.nearest)}`,
    { name: 'lenght', nearest: 'length' },
    'The reference lists all functions and aggregates.',
  ),
  'iql.argument-count': entry(
    (p: { form: string; got: number }) => `${p.form} does not take ${p.got} argument${p.got === 1 ? '' : 's'}`,
    { form: 'round(x [, digits])', got: 3 },
    'Write the arguments as the form shows.',
  ),
  'iql.argument-type': entry(
    (p: { function: string; wanted: string; got: string }) => `${p.function} takes ${p.wanted} here, not ${p.got}`,
    { function: 'lower', wanted: 'text', got: 'a number' },
    'Convert it (`text(x)`, `float(x)`, `time(x)`), or use another function.',
  ),
  'iql.type-mismatch': entry(
    (p: { operator: string; left: string; right: string }) => `${p.operator} cannot take ${p.left} and ${p.right}`,
    { operator: '==', left: 'text', right: 'a number' },
    'Convert one side: `text(x)`, `int(x)`, `float(x)`, `time(x)`.',
  ),
  'iql.unit-mismatch': entry(
    (p: { operator: string; left: string; right: string }) => `${p.operator} cannot take ${p.left} and ${p.right}: they measure different things`,
    { operator: '<', left: 'By', right: 's' },
    'Compare and add like with like; `*` and `/` combine units.',
  ),
  'iql.bare-number': entry(
    (p: { number: string; unit: string }) => `${p.number} needs a unit here: the other side is in ${p.unit}`,
    { number: '100', unit: 'By' },
    'Write the number with its unit: `100MiB`, `5m`, `90%`.',
  ),
  'iql.bare-ratio': entry(
    (p: { number: string }) => `a ratio lies between -1 and 1; ${p.number} looks like a percentage`,
    { number: '90' },
    'Write `90%` or `0.9`.',
  ),
  'iql.not-a-condition': entry(
    (p: { got: string }) => `a condition is wanted here, this is ${p.got}`,
    { got: 'text' },
    'Compare it with something: `x == "a"`, `exists x`.',
  ),
  'iql.unknown-level': entry(
    (p: { value: string; levels: string; nearest: string }) => `${JSON.stringify(p.value)} is none of ${p.levels}${suggestion(p.nearest)}`,
    { value: 'warning', levels: 'trace, debug, info, warn, error, fatal', nearest: 'warn' },
    'Use one of the levels.',
  ),
  'iql.aggregate-here': entry(
    (p: { name: string }) => `${p.name} is an aggregate and cannot stand here`,
    { name: 'avg' },
    'Aggregates stand in `every`, `summarize`, `top … by` and as pipes of their own (`| avg by host`).',
  ),
  'iql.aggregate-wanted': entry(
    (p: { pipe: string }) => `${p.pipe} wants an aggregate here, such as avg, max or count()`,
    { pipe: 'every' },
    'Write an aggregate: `every 1m avg`.',
  ),
  'iql.not-aggregated': entry(
    (p: { name: string }) => `${p.name} is neither aggregated nor in \`by\`: a group has many of it`,
    { name: 'memory' },
    'Aggregate it (`max(x)`, `last(x)`), or group by it.',
  ),
  'iql.aggregate-argument': entry(
    (p: { name: string; choices: string }) => `${p.name} needs to know of what: ${p.choices}`,
    { name: 'avg', choices: 'cpu, memory, threads' },
    'Name the column: `avg cpu` or `avg(cpu)`.',
  ),
  'iql.over-time-only': entry(
    (p: { name: string }) => `${p.name} goes over time: it stands in \`every\``,
    { name: 'rate' },
    'Write `| every 1m rate` first, then aggregate across series.',
  ),
  'iql.counter-aggregate': entry(
    (p: { name: string; column: string }) => `${p.name} of the counter ${p.column} says nothing: a counter only grows; use rate or increase`,
    { name: 'avg', column: 'value' },
    'Write `every 1m rate` (per second) or `every 1m increase`.',
  ),
  'iql.gauge-rate': entry(
    (p: { name: string; column: string; instead: string }) => `${p.name} is for counters and ${p.column} is a gauge; use ${p.instead}`,
    { name: 'rate', column: 'value', instead: 'delta' },
    'Gauges go up and down: use `delta`, `avg`, `min`, `max`.',
  ),
  'iql.every-by': entry(
    (p: { instead: string }) => `on series \`every\` goes over time only; aggregate across series in a pipe of its own: ${p.instead}`,
    { instead: '| max by host' },
    'Write `| every 1m avg | max by host`.',
  ),
  'iql.every-untimed': entry(
    (p: { source: string }) => `${p.source} has no time to cut into buckets`,
    { source: 'hosts' },
    'Use `summarize` or `count by …` instead.',
  ),
  'iql.bad-width': entry(
    (p: { got: string }) => `a bucket's width is a positive duration such as 1m, 5m, 1h or 1d, not ${p.got}`,
    { got: '0s' },
    'Write a duration literal; d and w stand alone (`1d`, `2w`), not mixed with hours.',
  ),
  'iql.too-many-buckets': entry(
    (p: { amount: number; limit: number }) => `that makes ${p.amount} buckets, the limit is ${p.limit}`,
    { amount: 86_400, limit: 11_000 },
    'Choose wider buckets or a shorter range; the mend writes the next width that fits.',
  ),
  'iql.pipe-form': entry(
    (p: { pipe: string; form: string }) => `${p.pipe} is written: ${p.form}`,
    { pipe: 'limit', form: 'limit n' },
    'Follow the form; the reference has examples.',
  ),
  'iql.unknown-clause': entry(
    (p: { pipe: string; clause: string }) => `${p.pipe} does not take \`${p.clause}\` here`,
    { pipe: 'limit', clause: 'by' },
    'Leave it out; the reference shows the clauses of each pipe.',
  ),
  'iql.repeated-name': entry((p: { name: string }) => `${JSON.stringify(p.name)} is named twice`, { name: 'host' }, 'Give each column its own name.'),
  'iql.name-taken': entry(
    (p: { name: string }) => `there is already a column ${JSON.stringify(p.name)}`,
    { name: 'host' },
    'Choose another name, or `drop` the other column first.',
  ),
  'iql.name-needed': entry((_: NoParameters) => 'this expression needs a name: name = …', {}, 'Write `name = expression`.'),
  'iql.last-column': entry((_: NoParameters) => 'no column would be left', {}, 'Keep at least one column.'),
  'iql.query-here': entry(
    (_: NoParameters) => 'a sub-query may stand only in `where x in (…)`, as a condition of its own',
    {},
    'Write `| where host in (from hosts | select host)`; join it with `and` to other conditions.',
  ),
  'iql.one-column': entry(
    (p: { got: number; instead: string }) => `a sub-query of \`in\` has one column, this has ${p.got}: end it with ${p.instead}`,
    { got: 3, instead: '| select host' },
    'End it with `| select name` or `| distinct name`.',
  ),
  'iql.unknown-parameter-type': entry(
    (p: { name: string }) => `the type of $${p.name} cannot be told from its use`,
    { name: 'x' },
    'Use it beside a column or a literal, or convert it: `text($x)`.',
  ),
  'iql.parameter-conflict': entry(
    (p: { name: string; first: string; second: string }) => `$${p.name} is used as ${p.first} and as ${p.second}`,
    { name: 'x', first: 'text', second: 'a number' },
    'Use two parameters.',
  ),
  'iql.parameter-value': entry(
    (p: { name: string; wanted: string; got: string }) => `$${p.name} must be ${p.wanted}, not ${p.got}`,
    { name: 'limit', wanted: 'a whole number', got: '"ten"' },
    'Give another value; times are ISO text.',
  ),
  'iql.parameter-unset': entry(
    (p: { name: string }) => `$${p.name} has no value`,
    { name: 'host' },
    'Give it with the request (`--param host=web-1`); null means missing.',
  ),
  'iql.bad-time': entry(
    (p: { text: string }) => `@${p.text} is not a moment that exists`,
    { text: '2026-02-30' },
    'Write @2026-11-20, @2026-11-20T10:00:00Z or @2026-11-20T10:00[Europe/Berlin].',
  ),
  'iql.too-far': entry(
    (p: { what: string; limit: string }) => `this ${p.what} is beyond what can be held: ${p.limit}`,
    { what: 'time', limit: '1677-09-22 to 2262-04-11' },
    'Write one within the limit. In a range or a comparison one beyond it may stand: there it has no end.',
  ),
  'iql.unknown-zone': entry(
    (p: { zone: string; nearest: string }) => `there is no time zone ${JSON.stringify(p.zone)}${suggestion(p.nearest)}`,
    { zone: 'Europe/Berln', nearest: 'Europe/Berlin' },
    'Write an IANA name such as Europe/Berlin, an offset such as +02:00, or UTC.',
  ),
  'iql.bad-range': entry((_: NoParameters) => 'the range ends before it begins', {}, 'Put the earlier moment first.'),
  'iql.no-range': entry((p: { source: string }) => `${p.source} has no time, so it takes no range`, { source: 'hosts' }, 'Leave out the range.'),
  'iql.no-moment': entry(
    (p: { source: string }) => `${p.source} has a time of its own: \`at\` is for the inventory`,
    { source: 'logs' },
    'Write `between @a and @b` or `last 1h`; `from hosts at @t` is the inventory as it was.',
  ),
  'iql.let-repeated': entry((p: { name: string }) => `${JSON.stringify(p.name)} is defined twice`, { name: 'busy' }, 'Give the second another name.'),
  'iql.fn-taken': entry(
    (p: { name: string }) => `the language has a function ${p.name} already`,
    { name: 'round' },
    'Give the function another name: what a text says of `round` must mean the same everywhere.',
  ),
  'iql.fn-recursive': entry(
    (p: { way: string }) => `a function cannot lead back to itself: ${p.way}`,
    { way: 'f → g → f' },
    'Functions are written out where they are called, so each must end; take one of the calls out.',
  ),
  'iql.view-recursive': entry(
    (p: { way: string }) => `a saved query cannot lead back to itself: ${p.way}`,
    { way: 'views.a → views.b → views.a' },
    'One of them reads the other by mistake: change the one that is meant to be the source.',
  ),
  'iql.fn-query': entry(
    (p: { name: string }) => `${p.name} gives rows; a function gives a value`,
    { name: 'web' },
    'Name a query by `let web = (from …)`, and filter it where it is used.',
  ),
  'iql.fn-call': entry(
    (p: { name: string; form: string }) => `${p.name} is a function, called as ${p.form}`,
    { name: 'half', form: 'half(x)' },
    'Write its arguments in parentheses behind it.',
  ),
  'iql.unused-parameter': entry(
    (p: { name: string; function: string }) => `${p.function} does nothing with ${p.name}`,
    { name: 'y', function: 'half' },
    'Use the parameter in the body, or leave it out; what is given for it is not looked at.',
  ),
  'iql.repeated-clause': entry(
    (p: { clause: string }) => `\`${p.clause}\` stands twice`,
    { clause: 'for' },
    'Keep one of them; only `evidence` may stand several times.',
  ),
  'iql.alert-range': entry(
    (_: NoParameters) => 'an alert over buckets is judged on each bucket as it closes, so its source has no range',
    {},
    'Leave `last`, `between` and `offset` out; `over` reads further back than the bucket.',
  ),
  'iql.alert-unranged': entry(
    (p: { source: string }) => `an alert without buckets is judged on a schedule, so ${p.source} needs a range`,
    { source: 'logs' },
    'Write `last 5m` behind the source, or cut time into buckets with `| every 1m …`.',
  ),
  'iql.alert-auto': entry((_: NoParameters) => 'every auto follows a chart; an alert needs a width of its own', {}, 'Write a width: `every 1m`.'),
  'iql.alert-across': entry(
    (p: { pipe: string }) => `${p.pipe} looks at several buckets, an alert is judged on one`,
    { pipe: 'fill' },
    'Leave it out; `on missing` says what it means that there is no row, `over` takes a longer window.',
  ),
  'iql.alert-every': entry(
    (_: NoParameters) => '`every` is the schedule of a query without buckets; this one is judged on each bucket',
    {},
    'Leave the clause out.',
  ),
  'iql.alert-key': entry(
    (p: { source: string }) => `nothing tells one row of ${p.source} from another, so no row is an alert of its own`,
    { source: 'logs' },
    'Group them: `| every 5m count by service | where count > 10`.',
  ),
  'iql.alert-condition': entry(
    (p: { clause: string }) => `\`${p.clause}\` needs a condition: a last \`where\` in the query`,
    { clause: 'recover when' },
    'End the query with `| where …`; without it every row is true and none is false.',
  ),
  'iql.bad-regex': entry(
    (p: { reason: string; place: number }) => `the regular expression cannot be read: ${p.reason} (at its character ${p.place})`,
    { reason: '`(` is not closed', place: 3 },
    'RE2 syntax (https://github.com/google/re2/wiki/Syntax): no back-references, no look-around, at most 1000 repetitions. Raw text spares the backslashes: `r"\\d+"`. For plain text use `contains` or `like`.',
  ),
  'iql.no-value': entry(
    (p: { what: string }) => `${p.what} has no value here: it is missing, or cannot be represented`,
    { what: 'the number of rows' },
    'Give the parameter a value, or write one (`$n ?? 10`).',
  ),
  'iql.constant-wanted': entry(
    (p: { what: string }) => `${p.what} must be a constant here`,
    { what: 'the pattern' },
    'Write a literal, a parameter or a `let`.',
  ),
  'iql.raw-sum': entry(
    (p: { name: string }) => `${p.name} of raw samples adds across time as well as across series`,
    { name: 'sum' },
    'Aggregate over time first: `| every 1m avg | sum by host`; series that live only a moment, as processes do, at each time first: `| sum by time, host | every 1m avg`.',
  ),
  'iql.widened-window': entry(
    (p: { window: string; interval: string }) => `samples come every ${p.interval}: the window is ${p.window}`,
    { window: '20s', interval: '10s' },
    'Choose wider buckets, or say the window: `over 1m`.',
  ),
  'iql.lookup-key': entry(
    (p: { dataset: string; key: string }) => `lookup ${p.dataset} goes by ${p.key}`,
    { dataset: 'hosts', key: 'host' },
    'Write `| lookup hosts on host`.',
  ),
  'iql.not-bucketed': entry(
    (p: { pipe: string }) => `${p.pipe} works on buckets: put \`every\` before it`,
    { pipe: 'fill' },
    'Write `| every 1m avg | fill 0`.',
  ),
  'iql.empty-search': entry((_: NoParameters) => 'search needs at least one word', {}, 'Write words or "a phrase"; signs alone match everything.'),
  'iql.no-body': entry((p: { source: string }) => `${p.source} has no text to search in`, { source: 'hosts' }, 'Use `where name contains "x"`.'),
  'iql.not-yet': entry(
    (p: { what: string; instead: string }) => `${p.what} is not in this version yet${p.instead === '' ? '' : `: ${p.instead}`}`,
    { what: '`sample`', instead: '`limit n` takes the newest' },
    'It comes with a later version; docs/iql.md says what there is.',
  ),
  'iql.more-mistakes': entry(
    (p: { count: number; told: number }) => `${p.told} mistakes are told; from here on ${p.count} more ${p.count === 1 ? 'is' : 'are'} not`,
    { count: 12, told: 100 },
    'Mend those that are told first.',
  ),
  'iql.too-large': entry(
    (p: { what: string; amount: number; limit: number }) =>
      `with every \`let\` and sub-query written out this has ${p.amount} ${p.what}, the limit is ${p.limit}`,
    { what: 'steps', amount: 512, limit: 400 },
    'Use a `let` or sub-query less often, or ask in several queries. Steps are sources and pipes; parts are names, literals, calls and columns.',
  ),
  'iql.not-representable': entry(
    (p: { count: number }) =>
      `${p.count === 0 ? 'no' : p.count} value${p.count === 1 ? '' : 's'} could not be represented (x/0, overflow, NaN or infinity)${p.count === 0 ? '' : p.count === 1 ? ' and is missing' : ' and are missing'}`,
    { count: 3 },
    'Guard the division: `if(b == 0, 0, a / b)`.',
  ),
  'iql.maybe-not-representable': entry(
    () => 'some values may be missing because they could not be represented (x/0, overflow, NaN or infinity)',
    {},
    'A store worked them out and does not count them. Count them in the explorer, by `inframirror query --count-missing`, or in GraphQL by `countMissing`; guard a division: `if(b == 0, 0, a / b)`.',
  ),
  'iql.lines-overlap': entry(
    (p: { count: number }) => `${p.count} rows stand where another row of the same line does, so that a line of the chart goes through one of them`,
    { count: 80 },
    'What told them apart is not among the columns: keep it (`host`), or put the rows together (`| max`, `| sum by datacenter`).',
  ),
  'iql.lookup-not-unique': entry(
    (p: { dataset: string; key: string }) => `${p.dataset} has several rows for ${p.key}`,
    { dataset: 'hosts', key: 'host = "a"' },
    'Look up by the whole key, or use `join`.',
  ),
};
