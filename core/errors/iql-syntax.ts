// Diagnostics of IQL's parser: words, literals, brackets, the shape of a text. Names and types are the checker's (iql-check.ts).
import { entry, type NoParameters } from './entry.ts';

const suggestion = (nearest: string): string => (nearest === '' ? '' : `; did you mean ${nearest}?`);

export const IQL_SYNTAX_ERRORS = {
  // limits
  'iql.too-long': entry(
    (p: { limit: number; length: number }) => `the text has ${p.length} characters, the limit is ${p.limit}`,
    { limit: 65_536, length: 1_048_576 },
    'Shorten the text; long lists of values belong into a parameter: `where host in $hosts`.',
  ),
  'iql.too-deep': entry((p: { limit: number }) => `the text is nested more than ${p.limit} levels deep`, { limit: 100 }, 'Use `let` to name the inner parts.'),
  'iql.too-complex': entry(
    (p: { limit: number }) => `the expression has more than ${p.limit} operators`,
    { limit: 1_000 },
    'Replace long `or` chains by `in (…)`, long lists by a parameter.',
  ),

  // characters and literals
  'iql.bad-character': entry(
    (p: { character: string }) => `${p.character} means nothing here`,
    { character: '§' },
    'Remove it, or put it into quotes or backticks.',
  ),
  'iql.zero-byte': entry((_: NoParameters) => 'a text must not hold a zero byte', {}, 'Remove it; it often comes from a file that is not UTF-8.'),
  'iql.bad-surrogate': entry(
    (_: NoParameters) => 'a text must not hold half a surrogate pair',
    {},
    'Remove it; it often comes from text cut in the middle of a character.',
  ),
  'iql.unclosed-text': entry(
    (p: { quote: string }) => `this text has no closing ${p.quote}; text stands on one line`,
    { quote: '"' },
    'Close it with the quote that opened it; write a line break as \\n.',
  ),
  'iql.unclosed-name': entry((_: NoParameters) => 'this name has no closing backtick', {}, 'Close it with a backtick on the same line.'),
  'iql.bad-escape': entry(
    (p: { escape: string }) => `there is no escape ${p.escape} in text`,
    { escape: '\\d' },
    'Double the backslash, or use raw text for regular expressions: r"\\d+".',
  ),
  'iql.bad-name-escape': entry(
    (p: { text: string }) => `${p.text} is no character that a name can have`,
    { text: '\\u{0}' },
    'Write the number of a character in hexadecimal digits: `two\\u{a}lines`.',
  ),
  'iql.bad-number': entry((p: { text: string }) => `${p.text} is not a number`, { text: '1__0.' }, 'Numbers are written 1000, 1_000, 0.5 or 1e3.'),
  'iql.bad-unit': entry(
    (p: { text: string; unit: string; hint: string }) => `there is no unit ${JSON.stringify(p.unit)} in ${p.text}${p.hint}`,
    { text: '10kb', unit: 'kb', hint: '; did you mean 10KB?' },
    'Units heed case: ns us ms s m h d w for durations; B KB MB GB TB (decimal) and KiB MiB GiB TiB (binary) for sizes; % for ratios; /s for rates. A name that begins with a digit needs backticks.',
  ),
  'iql.time-form': entry(
    (p: { text: string }) => `${p.text} is not a time`,
    { text: '@2026-13-01' },
    'Times are written @2026-11-20, @2026-11-20T10:00, @2026-11-20T10:00:00Z or @2026-11-20T10:00[Europe/Berlin].',
  ),
  'iql.space-before-unit': entry(
    (p: { text: string; joined: string }) => `${p.text} has a space before its unit; write ${p.joined}`,
    { text: '5 m', joined: '5m' },
    'A number and its unit stand together: 5m, 10MiB, 90%.',
  ),
  'iql.percent-space': entry(
    (p: { text: string }) => `${p.text} is a ratio; the remainder needs spaces around %`,
    { text: '10%' },
    'Write `10 % 3` for the remainder.',
  ),
  'iql.reserved-word': entry(
    (p: { word: string }) => `${p.word} is a reserved word and cannot be a name here; write \`${p.word}\``,
    { word: 'end' },
    'Put the name into backticks.',
  ),
  'iql.reserved-name': entry(
    (p: { name: string }) => `the name ${p.name} is refused: names beginning with # belong to the platform`,
    { name: '#row' },
    'Choose another name.',
  ),
  'iql.unfinished-name': entry((p: { name: string }) => `the name ${p.name} ends with a dot`, { name: 'metrics.' }, 'Go on after the dot, or remove it.'),
  'iql.block-comment': entry(
    (_: NoParameters) => 'comments begin with // and go to the end of the line',
    {},
    'Write // at the start of each line of the comment.',
  ),

  // words of other languages
  'iql.foreign-operator': entry(
    (p: { found: string; instead: string }) => `${p.found} is not an operator of IQL; write ${p.instead}`,
    { found: '&&', instead: 'and' },
    'Use the operator the message names.',
  ),
  'iql.foreign-form': entry(
    (p: { found: string; instead: string }) => `${p.found} is written ${p.instead}`,
    { found: 'ago(1h)', instead: '(now - 1h)' },
    'Write it as the message says.',
  ),
  'iql.promql': entry(
    (_: NoParameters) => 'a query begins with its source and goes on with pipes: from metrics.x | every 5m rate | sum by host',
    {},
    'Write `from metrics.` and the name, then a pipe for each step: `where` for the labels, `every` for what goes over time, `sum by …` for what goes across series.',
  ),
  'iql.semicolon': entry((_: NoParameters) => 'a semicolon means nothing here: statements need no separator', {}, 'Remove it.'),
  'iql.sql': entry(
    (_: NoParameters) => 'a query begins with its source and goes on with pipes: from logs | where … | select …',
    {},
    'Write `from`, then a pipe for each step.',
  ),
  'iql.is-null': entry(
    (p: { found: string; instead: string }) => `${p.found} is written ${p.instead}`,
    { found: 'host is null', instead: 'not exists host' },
    'Ask with `exists x` or `not exists x`.',
  ),
  'iql.if-form': entry((_: NoParameters) => 'if is a function: if(condition, then, else)', {}, 'Write `if(c, a, b)` or `case when c then a else b end`.'),

  // brackets
  'iql.unclosed': entry(
    (p: { open: string; close: string }) => `${p.open} is not closed; ${p.close} is missing`,
    { open: '(', close: ')' },
    'Add the closing bracket (or the `end` of a `case`).',
  ),
  'iql.unopened': entry((p: { close: string }) => `there is nothing for this ${p.close} to close`, { close: ')' }, 'Remove it, or add the opening bracket.'),

  // shape of a text
  'iql.pipe-before-from': entry(
    (p: { pipe: string }) => `${p.pipe} stands behind what it is about: from logs | ${p.pipe}`,
    { pipe: 'explain' },
    'Put the pipe behind the source and the other pipes, after a bar.',
  ),
  'iql.no-query': entry(
    (_: NoParameters) => 'there is no query: a text begins with from, such as from logs',
    {},
    'Write a query: `from` and a source, then pipes.',
  ),
  'iql.missing-from': entry((p: { name: string }) => `a query begins with from: from ${p.name}`, { name: 'logs' }, 'Write `from` before the source.'),
  'iql.missing-source': entry(
    (p: { after: string }) => `the name of a source is missing after ${p.after}`,
    { after: 'from' },
    'Name a dataset: `from logs`, `from metrics.system.cpu.utilization`.',
  ),
  'iql.missing-pipe': entry((_: NoParameters) => 'the name of a pipe is missing after |', {}, 'Write a pipe (`where`, `every`, `sort` …) or remove the `|`.'),
  'iql.missing-bar': entry((p: { pipe: string }) => `a | is missing before ${p.pipe}`, { pipe: 'where' }, 'Each pipe begins with `|`.'),
  'iql.unknown-pipe': entry(
    (p: { name: string; nearest: string }) => `there is no pipe ${p.name}${suggestion(p.nearest)}`,
    { name: 'wehre', nearest: 'where' },
    'The reference lists all pipes; completion after `|` does too.',
  ),
  'iql.pipe-equals': entry((p: { pipe: string }) => `${p.pipe} is followed by its words, without =`, { pipe: 'limit' }, 'Write `| limit 5`.'),
  'iql.assignment': entry((p: { name: string }) => `== compares; to give ${p.name} a value write ${p.name} = …`, { name: 'x' }, 'Write a single `=`.'),
  'iql.missing-name': entry((p: { after: string }) => `a name is missing after ${p.after}`, { after: 'let' }, 'Write a name there.'),
  'iql.missing-expression': entry((p: { after: string }) => `something is missing after ${p.after}`, { after: '>' }, 'Write a value or an expression there.'),
  'iql.missing-word': entry(
    (p: { wanted: string; form: string }) => `${p.wanted} is missing: ${p.form}`,
    { wanted: 'and', form: 'x between a and b' },
    'Write it as the form shows.',
  ),
  'iql.unexpected': entry((p: { found: string }) => `${p.found} is not expected here`, { found: ')' }, 'Remove it, or add what should stand before it.'),
  'iql.comparison-chain': entry((_: NoParameters) => 'comparisons do not chain; join them with and', {}, 'Write `a < b and b < c`, or `b between a and c`.'),
  'iql.words-or-operator': entry(
    (p: { text: string; name: string }) => `it is not clear how far ${p.name} reaches in ${p.text}; use parentheses`,
    { text: 'sum x * 2', name: 'sum' },
    'Write `sum(x * 2)` or `sum(x) * 2`.',
  ),
  'iql.query-parentheses': entry(
    (_: NoParameters) => 'a query inside another one, or in a let, stands in parentheses',
    {},
    'Put it into parentheses: `(from hosts | where …)`.',
  ),
  'iql.second-query': entry(
    (_: NoParameters) => 'a text holds one query, this is a second one',
    {},
    'Ask them one after the other, or join them with `join`, `union` or `combine`.',
  ),
  'iql.definition-after-query': entry((p: { word: string }) => `${p.word} stands before the query`, { word: 'let' }, 'Move it up, before the query’s `from`.'),
  'iql.repeated-range': entry(
    (p: { word: string }) => `the range says ${p.word} twice or contradicts itself`,
    { word: 'last' },
    'Use one of `last`, `between`, `at`, and at most one `offset`.',
  ),
  'iql.template': entry(
    (_: NoParameters) => 'braces in this text hold one expression each: "{host} is full"; for a brace itself write it twice',
    {},
    'Close each `{` by a `}` with one expression between them, or write `{{` and `}}`.',
  ),
  'iql.data-form': entry(
    (_: NoParameters) => 'inline data is a list of rows: data [{time: @2026-11-20T10:00Z, value: 1}, …]',
    {},
    'Write rows as `{name: value, …}` in brackets; before them, for a metric, `gauge`, `counter` or `histogram`, its unit in parentheses, `delta`.',
  ),
};
