// Prints expressions: each in one way, with the fewest parentheses that read back as the same tree. Layout over lines is the printer's.
import type { Argument, Call, Expression, Name, Query } from './ast.ts';
import { isUnit } from './number-literal.ts';
import { COMPARISON, OPERATOR_WORDS, PRECEDENCE, RESERVED } from './tokens.ts';

/** Text, a query that may go over lines, or a place where a line may be broken (else a space). */
export type Piece = string | Query | { readonly soft: true };

const PLAIN = /^[\p{L}_][\p{L}\p{M}\p{N}_]*(?:\.[\p{L}\p{M}\p{N}_]+)*$/u;
/** Words that would not be read as names in every place. */
const QUOTED: ReadonlySet<string> = new Set([...RESERVED.keys(), ...OPERATOR_WORDS, 'where', 'is']);

/** Control signs, and what would be read as one. */
const ESCAPED = /\p{Cc}|\\(?=u\{)/gu;
/** A name in backticks. */
export const quoteName = (name: string): string =>
  `\`${name.replaceAll('`', '``').replace(ESCAPED, (c) => `\\u{${(c.codePointAt(0) as number).toString(16)}}`)}\``;
export const printName = (name: string, avoid?: ReadonlySet<string>): string => {
  const lower = name.toLowerCase();
  return !PLAIN.test(name) || QUOTED.has(lower) || avoid?.has(lower) === true ? quoteName(name) : name;
};

export const printNumber = (value: number | bigint, integer: boolean): string => {
  if (value === Number.POSITIVE_INFINITY) return '1e400';
  const text = String(value);
  return integer || /[.e]/.test(text) ? text : `${text}.0`;
};

const rawText = (value: string): string => (value.includes('"') ? `r'${value}'` : `r"${value}"`);

const NOT = 3;
const NEGATIVE = 8;
const AGGREGATE = 9;
const OPERAND = 10;
/** What encloses is an operator at least as tight as this. */
const precedenceOf = (e: Expression): number => {
  switch (e.node) {
    case 'binary':
      return PRECEDENCE.get(e.operator) as number;
    case 'between':
    case 'in':
      return COMPARISON;
    case 'unary':
      return e.operator === '-' ? NEGATIVE : e.operator === 'not' ? NOT : COMPARISON;
    case 'call':
      return e.written === 'words' ? AGGREGATE : OPERAND;
    default:
      return OPERAND;
  }
};

/** Where an expression stands. */
export interface Place {
  /** Inside brackets, where `p95 x` needs no parentheses. */
  readonly nested: boolean;
  /** Words that open a clause here: a name at the very beginning must not be one. */
  readonly avoid?: ReadonlySet<string>;
}
const INSIDE: Place = { nested: true };
const BESIDE: Place = { nested: false };

export class ExpressionPrinter {
  readonly pieces: Piece[] = [];
  write(text: string): void {
    const last = this.pieces.length - 1;
    const before = this.pieces[last];
    if (typeof before === 'string') this.pieces[last] = before + text;
    else this.pieces.push(text);
  }

  /** `breaks`: the loosest `and` or `or` chain may go over lines. */
  expression(e: Expression, least: number, place: Place, breaks = false): void {
    const precedence = precedenceOf(e);
    if (precedence < least || (precedence === AGGREGATE && !place.nested)) {
      this.write('(');
      this.#bare(e, INSIDE, false);
      this.write(')');
    } else this.#bare(e, place, breaks);
  }
  list(items: readonly Expression[]): void {
    items.forEach((item, i) => {
      if (i > 0) this.write(', ');
      this.expression(item, 1, INSIDE);
    });
  }
  /** The arguments of a call, in parentheses. */
  parentheses(e: Call): void {
    this.write('(');
    this.list(e.arguments);
    e.named?.forEach(({ name, value }, i) => {
      if (i > 0 || e.arguments.length > 0) this.write(', ');
      this.name(name);
      this.write(': ');
      this.expression(value, 1, INSIDE);
    });
    if (e.where !== undefined) {
      this.write(e.arguments.length > 0 || e.named !== undefined ? ' where ' : 'where ');
      this.expression(e.where, 1, INSIDE);
    }
    this.write(')');
  }
  query(query: Query): void {
    this.write('(');
    this.pieces.push(query);
    this.write(')');
  }
  name(name: Name, place: Place = INSIDE): void {
    this.write(printName(name.name, place.avoid));
  }

  #bare(e: Expression, place: Place, breaks: boolean): void {
    const right: Place = { nested: place.nested };
    switch (e.node) {
      case 'name':
        this.name(e, place);
        return;
      case 'text':
        this.write(e.raw ? rawText(e.value) : JSON.stringify(e.value));
        return;
      case 'number':
        this.write(printNumber(e.value, e.integer));
        return;
      case 'quantity':
        this.write(e.text);
        return;
      case 'time':
        this.write(`@${e.text}`);
        return;
      case 'bool':
        this.write(String(e.value));
        return;
      case 'missing':
      case 'now':
        this.write(e.node);
        return;
      case 'parameter':
        this.write(`$${PLAIN.test(e.name) ? e.name : quoteName(e.name)}`);
        return;
      case 'unary':
        this.write(e.operator === '-' ? '-' : `${e.operator} `);
        this.expression(e.operand, e.operator === '-' ? NEGATIVE : e.operator === 'not' ? NOT : COMPARISON + 1, right);
        return;
      case 'binary': {
        const precedence = precedenceOf(e);
        const tight = precedence === COMPARISON;
        this.expression(e.left, tight ? COMPARISON + 1 : precedence, place, breaks);
        if (breaks && precedence < NOT) this.pieces.push({ soft: true });
        else this.write(' ');
        this.write(`${e.operator} `);
        this.expression(e.right, precedence + 1, right);
        return;
      }
      case 'between':
        this.expression(e.operand, COMPARISON + 1, place);
        this.write(' between ');
        this.expression(e.low, COMPARISON + 1, right);
        this.write(' and ');
        this.expression(e.high, COMPARISON + 1, right);
        return;
      case 'in': {
        this.expression(e.operand, COMPARISON + 1, place);
        this.write(e.negated ? ' not in ' : ' in ');
        const only = e.items.length === 1 ? e.items[0] : undefined;
        if (only?.node === 'query-expression') this.query(only.query);
        else {
          this.write('(');
          this.list(e.items);
          this.write(')');
        }
        return;
      }
      case 'call': {
        const argument = e.arguments[0];
        if (e.written === 'words' && argument !== undefined) {
          this.name(e.function, place);
          this.write(' ');
          this.expression(argument, OPERAND, BESIDE);
          return;
        }
        this.write(e.function.name === 'if' ? 'if' : printName(e.function.name, place.avoid));
        this.parentheses(e);
        return;
      }
      case 'case':
        this.write('case');
        for (const { when, then } of e.branches) {
          this.write(' when ');
          this.expression(when, 1, INSIDE);
          this.write(' then ');
          this.expression(then, 1, INSIDE);
        }
        if (e.otherwise !== undefined) {
          this.write(' else ');
          this.expression(e.otherwise, 1, INSIDE);
        }
        this.write(' end');
        return;
      case 'index':
        this.#indexed(e.operand, place);
        this.write('[');
        this.expression(e.index, 1, INSIDE);
        this.write(']');
        return;
      case 'list':
        this.write('[');
        this.list(e.items);
        this.write(']');
        return;
      case 'map':
        this.write('{');
        e.entries.forEach(({ key, value }, i) => {
          if (i > 0) this.write(', ');
          if (key.node === 'name') this.name(key);
          else this.#bare(key, INSIDE, false);
          this.write(': ');
          this.expression(value, 1, INSIDE);
        });
        this.write('}');
        return;
      case 'query-expression':
        this.query(e.query);
        return;
    }
  }
  /** `5[0]` would be two words, `@2026-11-20[x]` a time with a zone. */
  #indexed(e: Expression, place: Place): void {
    if (e.node !== 'number' && e.node !== 'quantity' && e.node !== 'time') {
      this.expression(e, OPERAND, place);
      return;
    }
    this.write('(');
    this.#bare(e, INSIDE, false);
    this.write(')');
  }

  /** Words side by side; `assigns`: the first must not look like an assignment. */
  words(words: readonly Expression[], avoid: ReadonlySet<string>, assigns: boolean, breaks: boolean): void {
    words.forEach((word, i) => {
      if (i > 0) this.write(' ');
      const before = words[i - 1];
      const unit = word.node === 'name' && before?.node === 'number' && isUnit(word.name);
      if (unit) {
        this.write(quoteName(word.name));
        return;
      }
      const looksAssigned = assigns && i === 0 && word.node === 'binary' && leftmostIsEquality(word);
      const looksBound = i > 0 && beginsLikeOperator(word);
      this.expression(word, looksAssigned || looksBound ? OPERAND + 1 : 1, { nested: false, avoid }, breaks && words.length === 1);
    });
  }
  argument(argument: Argument, avoid: ReadonlySet<string>, assigns: boolean, breaks: boolean): void {
    if (argument.name !== undefined) {
      this.name(argument.name, { nested: false, avoid });
      this.write(argument.words.length > 0 ? ' = ' : ' =');
    }
    this.words(argument.words, avoid, assigns && argument.name === undefined, breaks);
    for (const clause of argument.clauses) {
      this.write(`${argument.words.length > 0 || argument.name !== undefined ? ' ' : ''}${clause.word} `);
      clause.arguments.forEach((a, i) => {
        if (i > 0) this.write(', ');
        this.argument(a, avoid, false, false);
      });
    }
  }
}

/** `x == …` at the head. */
const leftmostIsEquality = (e: Expression): boolean => e.node === 'binary' && ((e.operator === '==' && e.left.node === 'name') || leftmostIsEquality(e.left));
/** After another word `-x` and `[x]` would belong to it. */
const beginsLikeOperator = (e: Expression): boolean => {
  switch (e.node) {
    case 'unary':
      return e.operator === '-';
    case 'list':
      return true;
    case 'binary':
      return beginsLikeOperator(e.left);
    case 'between':
    case 'in':
    case 'index':
      return beginsLikeOperator(e.operand);
    default:
      return false;
  }
};
