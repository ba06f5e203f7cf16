// The one printed form of a text (`iql fmt`): reads back as the same tree, keeps every comment. Prints trees of texts that had no errors.
// Short queries stand on one line, long ones have a pipe a line, sub-queries that are too long are aligned under their `from`.

import { ALERT } from './alert-syntax.ts';
import type { Alert, Argument, Clause, Definition, InlineSource, Pipe, Query, Range, Source, Span, Text } from './ast.ts';
import type { Comment } from './comment.ts';
import { pipeWords } from './pipe-words.ts';
import { ExpressionPrinter, type Piece, printName } from './print-expression.ts';
import { parseSearch, printSearch } from './search-syntax.ts';
import type { PipeSyntax, PipeSyntaxes } from './signature.ts';
import { COMPARISON } from './tokens.ts';

/** A line is broken where it can be when it is longer. */
const WIDTH = 100;
/** The query of a text stands on one line up to here. */
const SHORT = 60;
/** Of clauses below their alert. */
const INDENT = 2;

const writeRange = (out: ExpressionPrinter, range: Range | undefined): void => {
  if (range === undefined) return;
  const place = { nested: false };
  const part = (word: string, e: Range['last']): void => {
    if (e === undefined) return;
    out.write(` ${word} `);
    out.expression(e, COMPARISON + 1, place);
  };
  part('last', range.last);
  if (range.between !== undefined) {
    out.write(' between ');
    out.expression(range.between.from, COMPARISON + 1, place);
    out.write(' and ');
    out.expression(range.between.to, COMPARISON + 1, place);
  }
  part('at', range.at);
  part('offset', range.offset);
};

const dataHead = ({ metric }: InlineSource): string =>
  metric === undefined
    ? 'data ['
    : `data ${metric.kind}${metric.unit === undefined ? '' : `(${JSON.stringify(metric.unit)})`}${metric.delta ? ' delta' : ''} [`;

/** `aligned`: the parts of a `combine` have their `=` under each other. */
const writeSource = (out: ExpressionPrinter, source: Source, aligned: boolean): void => {
  if (source.node === 'source') out.write(`from ${printName(source.name.name)}`);
  else if (source.node === 'combine') {
    out.write('from combine(');
    const names = source.parts.map((p) => printName(p.name.name));
    const width = aligned ? Math.max(0, ...names.map((n) => n.length)) : 0;
    source.parts.forEach(({ query }, i) => {
      if (i > 0) {
        out.write(',');
        out.pieces.push({ soft: true });
      }
      out.write(`${(names[i] as string).padEnd(width)} = `);
      out.query(query);
    });
    out.write(')');
  } else {
    out.write(dataHead(source));
    source.rows.forEach((row, i) => {
      if (i > 0) {
        out.write(',');
        out.pieces.push({ soft: true });
      }
      out.expression(row, 1, { nested: true });
    });
    out.write(']');
  }
  writeRange(out, source.range);
};

/** Between these, in the whole text, comments belong to the sub-queries of pieces; one before the end of a sub-query's source goes outside. */
const regionsOf = (pieces: readonly Piece[], end: number): Span[] => {
  const queries = pieces.filter((p): p is Query => typeof p === 'object' && 'node' in p);
  return queries.map((q, i) => ({ start: q.source.span.end, end: queries[i + 1]?.span.start ?? Math.max(q.span.end, end) }));
};

const TIGHT: ReadonlySet<string> = new Set(['+', '-', '*', '/', '%', '??']);
/** `x = avg` of `every 1m x = avg`, as an argument of its own; undefined where it has no name. */
const namedAfterLead = (argument: Argument): Argument | undefined => {
  const last = argument.words.at(-1);
  if (argument.words.length !== 2 || last?.node !== 'binary' || last.operator !== '==' || last.left.node !== 'name') return undefined;
  const { right } = last;
  if ((right.node === 'binary' && !TIGHT.has(right.operator)) || right.node === 'between' || right.node === 'in') return undefined;
  return { ...argument, name: last.left, words: [right] };
};

/** Words that open a clause: names must not begin with them. */
const opening = (syntax: PipeSyntax | undefined): ReadonlySet<string> =>
  new Set([...(syntax?.clauses ?? []), ...(syntax?.argumentClauses ?? [])].map((c) => c.split(' ')[0] as string));

const isNoKey = ({ word, arguments: [only, ...more] }: Clause): boolean => {
  const [key, ...others] = only?.words ?? [];
  return word === 'on' && more.length === 0 && others.length === 0 && key?.node === 'list' && key.items.length === 0;
};

const writeClause = (out: ExpressionPrinter, clause: Clause, avoid: ReadonlySet<string>): void => {
  out.write(clause.word);
  if (isNoKey(clause)) {
    out.write(' ()');
    return;
  }
  clause.arguments.forEach((argument, i) => {
    out.write(i > 0 ? ', ' : ' ');
    out.argument(argument, avoid, false, false);
  });
};

class Printer {
  readonly #pipes: PipeSyntaxes;
  /** Not yet printed, in order. */
  #pending: readonly Comment[];
  constructor(pipes: PipeSyntaxes, comments: readonly Comment[]) {
    this.#pipes = pipes;
    this.#pending = comments.toSorted((a, b) => a.span.start - b.span.start);
  }

  #take(wanted: (c: Comment) => boolean): readonly Comment[] {
    const taken = this.#pending.filter(wanted);
    if (taken.length > 0) this.#pending = this.#pending.filter((c) => !wanted(c));
    return taken;
  }
  #holdsComments(start: number, end: number): boolean {
    return this.#pending.some((c) => c.span.start >= start && c.span.start < end);
  }

  #pipe(pipe: Pipe): readonly Piece[] {
    const out = new ExpressionPrinter();
    out.write(`| ${pipe.name}`);
    if (pipe.raw !== undefined) {
      const { node, diagnostics } = parseSearch(pipe.raw.text, 0);
      out.write(` ${diagnostics.length > 0 ? pipe.raw.text : printSearch(node)}`);
      return out.pieces;
    }
    const syntax = this.#pipes.get(pipe.name) ?? pipeWords(this.#pipes).find([pipe.name])?.syntax;
    const avoid = opening(syntax);
    const only = pipe.arguments.length === 1 && pipe.arguments[0]?.words.length === 1 ? pipe.arguments[0].words[0] : undefined;
    const ownCall = only?.node === 'call' && only.function.span.end > 0 && only.function.span.start === pipe.nameSpan.start;
    if (ownCall) out.parentheses(only);
    else if (pipe.arguments.length > 0) {
      const [first, ...rest] = pipe.arguments as [Argument, ...Argument[]];
      out.write(' ');
      const led = syntax?.leads === true ? namedAfterLead(first) : undefined;
      if (led !== undefined) {
        out.words(first.words.slice(0, -1), avoid, false, false);
        out.write(' ');
      }
      out.argument(led ?? first, avoid, syntax?.equals === 'assigns', rest.length === 0);
      for (const argument of rest) {
        out.write(',');
        out.pieces.push({ soft: true });
        out.argument(argument, avoid, syntax?.equals === 'assigns', false);
      }
    }
    for (const clause of pipe.clauses) {
      out.write(' ');
      writeClause(out, clause, avoid);
    }
    return out.pieces;
  }

  #source(source: Source, aligned = false): readonly Piece[] {
    const out = new ExpressionPrinter();
    writeSource(out, source, aligned);
    return out.pieces;
  }

  /** On one line, however long. */
  #flat(pieces: readonly Piece[]): string {
    return pieces.map((p) => (typeof p === 'string' ? p : 'node' in p ? this.#flatQuery(p) : ' ')).join('');
  }
  #flatQuery(query: Query): string {
    return [this.#source(query.source), ...query.pipes.map((p) => this.#pipe(p))].map((p) => this.#flat(p)).join(' ');
  }

  /** Pieces from `column` on; `indent` is where broken lines begin. */
  #lines(pieces: readonly Piece[], column: number, indent: number, end: number): string {
    const regions = regionsOf(pieces, end);
    const commented = regions.some((r) => this.#holdsComments(r.start, r.end));
    const flat = commented ? undefined : this.#flat(pieces);
    if (flat !== undefined && column + flat.length <= WIDTH) return flat;
    let text = '';
    let at = column;
    let region = 0;
    const add = (more: string): void => {
      text += more;
      const line = more.lastIndexOf('\n');
      at = line === -1 ? at + more.length : more.length - line - 1;
    };
    for (const piece of pieces) {
      if (typeof piece === 'string') add(piece);
      else if ('soft' in piece) add(`\n${' '.repeat(indent)}`);
      else {
        const { start, end: regionEnd } = regions[region++] as Span;
        const one = this.#holdsComments(start, regionEnd) ? undefined : this.#flatQuery(piece);
        add(one !== undefined && at + one.length <= WIDTH ? one : this.#query(piece, at, regionEnd, true));
      }
    }
    return text;
  }

  /** A query over lines, each beginning at `column`; comments up to `end` are its own. */
  #query(query: Query, column: number, end: number, closes: boolean): string {
    const units = [query.source, ...query.pipes];
    const lines: string[] = [];
    let open = false;
    units.forEach((unit, i) => {
      const next = units[i + 1]?.span.start ?? end;
      const inCombine = 'node' in unit && unit.node === 'combine';
      const long = inCombine && (this.#holdsComments(unit.span.start, unit.span.end) || column + this.#flat(this.#source(unit)).length > WIDTH);
      const pieces = 'node' in unit ? this.#source(unit, long) : this.#pipe(unit);
      const indent = column + (inCombine ? 'from combine('.length : 4);
      const data = 'node' in unit && unit.node === 'data' ? unit : undefined;
      const { text, trailing } = this.#unit(pieces, unit.span, next, column, indent, data);
      lines.push(...text);
      open = trailing;
    });
    const footer = this.#take((c) => c.span.start < end).map((c) => c.text);
    lines.push(...footer);
    const margin = `\n${' '.repeat(column)}`;
    return lines.join(margin) + (closes && (open || footer.length > 0) ? `\n${' '.repeat(Math.max(0, column - 1))}` : '');
  }

  /** One source, pipe or definition with the comments that belong to it. */
  #unit(
    pieces: readonly Piece[],
    span: Span,
    next: number,
    column: number,
    indent: number,
    data?: InlineSource,
  ): { readonly text: readonly string[]; readonly trailing: boolean } {
    const regions = regionsOf(pieces, span.end);
    const inside = (c: Comment): boolean => regions.some((r) => c.span.start >= r.start && c.span.start < r.end);
    const before = this.#take((c) => c.span.start < span.end && !inside(c)).map((c) => c.text);
    const body = data !== undefined && column + this.#flat(pieces).length > WIDTH ? this.#rows(data, column) : this.#lines(pieces, column, indent, span.end);
    const first = this.#pending.find((c) => c.span.start >= span.end && c.span.start < next && !c.own);
    const [trailing] = this.#take((c) => c === first);
    return { text: [...before, trailing === undefined ? body : `${body} ${trailing.text}`], trailing: trailing !== undefined };
  }

  /** Inline data with a row a line. */
  #rows(source: InlineSource, column: number): string {
    const margin = `\n${' '.repeat(column)}`;
    const range = new ExpressionPrinter();
    writeRange(range, source.range);
    const rows = source.rows.map((row) => {
      const out = new ExpressionPrinter();
      out.expression(row, 1, { nested: true });
      return `${margin}  ${this.#flat(out.pieces)},`;
    });
    return `${dataHead(source)}${rows.join('')}${margin}]${this.#flat(range.pieces)}`;
  }

  #definition(definition: Definition): readonly Piece[] {
    const out = new ExpressionPrinter();
    const inside = { nested: true };
    if (definition.node === 'let') {
      out.write(`let ${printName(definition.name.name)} = `);
      out.expression(definition.value, 1, inside);
    } else {
      out.write(`fn ${printName(definition.name.name)}(${definition.parameters.map((p) => printName(p.name)).join(', ')}) = `);
      out.expression(definition.body, 1, inside);
    }
    return out.pieces;
  }

  /** A clause a line. */
  #alert({ name, clauses, span }: Alert, end: number): readonly string[] {
    const head = { start: span.start, end: name.span.end };
    const own = this.#unit([`alert ${printName(name.name)}`], head, clauses[0]?.span.start ?? end, 0, 0).text;
    const avoid = opening(ALERT);
    const lines = clauses.flatMap((clause, i) => {
      const out = new ExpressionPrinter();
      const values = ALERT.values?.get(clause.word) ?? [];
      writeClause(out, clause, new Set([...avoid].filter((word) => !values.includes(word))));
      return this.#unit(out.pieces, clause.span, clauses[i + 1]?.span.start ?? end, INDENT, 2 * INDENT).text;
    });
    return [...own, ...lines.map((line) => `${' '.repeat(INDENT)}${line}`)];
  }

  /** The query of the text; comments up to `end` are its own. */
  #asked(query: Query, end: number): readonly string[] {
    const { span, source } = query;
    // The sub-queries of a `combine` keep theirs.
    const head = source.node === 'combine' ? span.start : source.span.end;
    const before = this.#take((c) => c.span.start < head).map((c) => c.text);
    const flat = this.#holdsComments(head, span.end) ? undefined : this.#flatQuery(query);
    if (flat === undefined || flat.length > SHORT) return [...before, this.#query(query, 0, end, false)];
    const first = this.#pending.find((c) => !c.own && c.span.start >= span.end && c.span.start < end);
    const [trailing] = this.#take((c) => c === first);
    return [...before, trailing === undefined ? flat : `${flat} ${trailing.text}`];
  }

  text({ statements, span }: Text): string {
    const lines = statements.flatMap((statement, i) => {
      const end = statements[i + 1]?.span.start ?? span.end + 1;
      if (statement.node === 'query') return this.#asked(statement, end);
      if (statement.node === 'alert') return this.#alert(statement, end);
      return this.#unit(this.#definition(statement), statement.span, end, 0, 4).text;
    });
    return [...lines, ...this.#take(() => true).map((c) => c.text)].join('\n');
  }
}

/** The canonical text of a tree, without a line break at the end. */
export const print = (text: Text, pipes: PipeSyntaxes): string => new Printer(pipes, text.comments).text(text);
