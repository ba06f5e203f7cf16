// What a text is after parsing: plain nodes with spans, nothing resolved. The printer prints exactly this.
// Nodes are made by the parser only and never changed. Offsets are UTF-16 units into the text, end exclusive.

/** A saved text, read by another one under this name. */
export interface View {
  readonly name: string;
  readonly text: string;
}
export interface Span {
  readonly start: number;
  readonly end: number;
  /** Left out: the text at hand. */
  readonly view?: View;
}

interface Node {
  readonly span: Span;
}

/** A (possibly dotted) name, without its backticks. `http.status_code` is one name. Empty where the text lacks it (told by the parser). */
export interface Name extends Node {
  readonly node: 'name';
  readonly name: string;
}
export interface TextLiteral extends Node {
  readonly node: 'text';
  readonly value: string;
  /** r"…": printed raw again. */
  readonly raw: boolean;
}
/** `1_000`, `0.5`, `1e3`. int when written without point and exponent and within 64 bits. */
export interface NumberLiteral extends Node {
  readonly node: 'number';
  readonly value: number | bigint;
  readonly integer: boolean;
}
/** A number with a unit, written without space: `1h30m`, `10MiB`, `90%`, `10MiB/s`, `5/s`, `512B`. */
export interface QuantityLiteral extends Node {
  readonly node: 'quantity';
  readonly kind: 'duration' | 'size' | 'ratio' | 'rate';
  /** As written, in canonical spelling; the printed form. */
  readonly text: string;
  /** durations: the parts, so that d and w can be calendar units; in the order written. */
  readonly parts: readonly { readonly value: number; readonly unit: string }[];
  /** size: bytes; ratio: the ratio (0.9 for 90%); rate: amount a second (bytes or counts); duration: seconds with d = 24 h, w = 168 h. */
  readonly value: number;
}
/** `@2026-11-20T10:00[Europe/Berlin]`: the text without `@`; zone undefined: the request's. */
export interface TimeLiteral extends Node {
  readonly node: 'time';
  readonly text: string;
}
export interface BoolLiteral extends Node {
  readonly node: 'bool';
  readonly value: boolean;
}
/** Also, with an empty span, an expression that the text lacks (told by the parser). */
export interface MissingLiteral extends Node {
  readonly node: 'missing';
}
export interface NowLiteral extends Node {
  readonly node: 'now';
}
export interface Parameter extends Node {
  readonly node: 'parameter';
  readonly name: string;
}
export type UnaryOperator = '-' | 'not' | 'exists';
export interface Unary extends Node {
  readonly node: 'unary';
  readonly operator: UnaryOperator;
  readonly operand: Expression;
}
export type BinaryOperator =
  | '*'
  | '/'
  | '%'
  | '+'
  | '-'
  | '??'
  | '=='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | 'like'
  | 'not like'
  | 'starts with'
  | 'matches'
  | 'contains'
  | 'has'
  | 'and'
  | 'or';
export interface Binary extends Node {
  readonly node: 'binary';
  readonly operator: BinaryOperator;
  readonly operatorSpan: Span;
  readonly left: Expression;
  readonly right: Expression;
}
/** `x between a and b`, both ends in. */
export interface Between extends Node {
  readonly node: 'between';
  readonly operand: Expression;
  readonly low: Expression;
  readonly high: Expression;
}
/** `x in (a, b)`, `x not in (from …)`, `x in ($list)`. */
export interface In extends Node {
  readonly node: 'in';
  readonly negated: boolean;
  readonly operand: Expression;
  readonly items: readonly Expression[];
}
/** `f(a, b where c)`; also a juxtaposed aggregate `p95 x` (written: 'words'). */
export interface Call extends Node {
  readonly node: 'call';
  readonly function: Name;
  readonly arguments: readonly Expression[];
  /** The filter inside an aggregate. */
  readonly where: Expression | undefined;
  /** Arguments by name, `action(pid: $pid)`; left out when there are none. */
  readonly named?: readonly { readonly name: Name; readonly value: Expression }[];
  readonly written: 'parentheses' | 'words';
}
/** `if(c, a, b)` is a call; this is `case when … then … else … end`. */
export interface Case extends Node {
  readonly node: 'case';
  readonly branches: readonly { readonly when: Expression; readonly then: Expression }[];
  readonly otherwise: Expression | undefined;
}
/** `map["k"]`, `list[0]`. */
export interface Index extends Node {
  readonly node: 'index';
  readonly operand: Expression;
  readonly index: Expression;
}
export interface ListLiteral extends Node {
  readonly node: 'list';
  readonly items: readonly Expression[];
}
export interface MapLiteral extends Node {
  readonly node: 'map';
  readonly entries: readonly { readonly key: Name | TextLiteral; readonly value: Expression }[];
}
/** `(from …)` where an expression stands. */
export interface SubQuery extends Node {
  readonly node: 'query-expression';
  readonly query: Query;
}
export type Expression =
  | Name
  | TextLiteral
  | NumberLiteral
  | QuantityLiteral
  | TimeLiteral
  | BoolLiteral
  | MissingLiteral
  | NowLiteral
  | Parameter
  | Unary
  | Binary
  | Between
  | In
  | Call
  | Case
  | Index
  | ListLiteral
  | MapLiteral
  | SubQuery;

/** `last 1h`, `between @a and @b`, `at @t`, `offset 1w`; each at most once. */
export interface Range extends Node {
  readonly last: Expression | undefined;
  readonly between: { readonly from: Expression; readonly to: Expression } | undefined;
  readonly at: Expression | undefined;
  readonly offset: Expression | undefined;
}

/** `from name`: a dataset, `metrics.x`, a `let` name, `views.x`. */
export interface NamedSource extends Node {
  readonly node: 'source';
  readonly name: Name;
  readonly range: Range | undefined;
}
/** `data […]`, `data counter("By") delta […]`. */
export interface InlineSource extends Node {
  readonly node: 'data';
  readonly metric:
    | { readonly kind: 'gauge' | 'counter' | 'histogram'; readonly unit: string | undefined; readonly delta: boolean; readonly span: Span }
    | undefined;
  readonly rows: readonly MapLiteral[];
  readonly range: Range | undefined;
}
/** `from combine(a = (…), b = (…))`. */
export interface CombineSource extends Node {
  readonly node: 'combine';
  readonly parts: readonly { readonly name: Name; readonly query: Query }[];
  readonly range: Range | undefined;
}
export type Source = NamedSource | InlineSource | CombineSource;

/**
 * One argument of a pipe: `[name =] word word … clause …`. Words stand side by side without comma: `5m avg`, `p95 x`, `5 service`.
 * Clauses that the pipe's signature declares for arguments (`over 5m`) belong to it.
 */
export interface Argument extends Node {
  readonly name: Name | undefined;
  readonly words: readonly Expression[];
  readonly clauses: readonly Clause[];
}
/** `by host, k = lower(x)`, `per host`, `on a, b == c`, `over 5m`, `on error drop`, `order by time`. */
export interface Clause extends Node {
  /** Lower case, single spaces: `by`, `on error`. */
  readonly word: string;
  readonly wordSpan: Span;
  readonly arguments: readonly Argument[];
}
export interface Pipe extends Node {
  /** Lower case; may be a phrase declared by a signature (`anti join`). Empty or unknown where the text is wrong: the parser has told so already. */
  readonly name: string;
  readonly nameSpan: Span;
  /** `| sum(bytes where ok)`: one argument, a call whose function's span is `nameSpan`. */
  readonly arguments: readonly Argument[];
  readonly clauses: readonly Clause[];
  /** Of a pipe with its own lexer (`search`): the text after the name, trimmed; else undefined. */
  readonly raw: { readonly text: string; readonly span: Span } | undefined;
}

export interface Query extends Node {
  readonly node: 'query';
  readonly source: Source;
  readonly pipes: readonly Pipe[];
}
export interface LetValue extends Node {
  readonly node: 'let';
  readonly name: Name;
  readonly value: Expression;
}
export interface FunctionDefinition extends Node {
  readonly node: 'fn';
  readonly name: Name;
  readonly parameters: readonly Name[];
  readonly body: Expression;
}
export type Definition = LetValue | FunctionDefinition;
/** `alert name` and its clauses, in the form of a pipe's. */
export interface Alert extends Node {
  readonly node: 'alert';
  readonly name: Name;
  readonly clauses: readonly Clause[];
}
export type Statement = Definition | Alert | Query;
/** A parsed text: its statements in order, at most one query among them. Comments are kept for the printer. */
export interface Text extends Node {
  readonly statements: readonly Statement[];
  /** `own`: alone on its line. */
  readonly comments: readonly { readonly text: string; readonly span: Span; readonly own: boolean }[];
}
