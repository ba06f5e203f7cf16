// `search words`: full text in `body`, and in `raw` where there is such a column; `field:term` in a column. A store with an index answers it from there.

import type { Span } from '../1-syntax/ast.ts';
import { parseSearch, type SearchNode, type SearchTerm } from '../1-syntax/search-syntax.ts';
import { within, withSpans } from '../1-syntax/span.ts';
import { isMistaken, isSure } from '../2-semantic/doubt.ts';
import { checkExpression } from '../2-semantic/expression.ts';
import type { AnyScalar } from '../2-semantic/function-names.ts';
import { settleFreely } from '../2-semantic/settle.ts';
import { BOOLEAN, callOf, columnNamed, isNumber, type Relation, STRING, type Typed, type } from '../2-semantic/type.ts';
import { joined } from '../3-plan/expression.ts';
import { afterMistake, type IqlPipe, type PlanScope, syntax, written, wrongForm } from './pipe.ts';
import { filtered } from './where.ts';

const call = (name: AnyScalar, span: Span, ...args: readonly Typed[]): Typed => callOf(name, BOOLEAN, span, ...args);
const always = (span: Span): Typed => ({ op: 'literal', literal: true, type: BOOLEAN, span });

/** One of the texts is enough; a term's words stand side by side in one of them. */
const found = (texts: readonly Typed[], term: SearchTerm): Typed => {
  if (term.kind === 'all' || term.tokens.length === 0) {
    const [first, ...others] = texts.map((text) => call('exists', term.span, text));
    return joined([first as Typed, ...others], (a, b) => call('or', term.span, a, b));
  }
  const tokens: Typed = { op: 'literal', literal: term.tokens, type: { ...type('list'), item: 'string' }, span: term.span };
  return call(term.kind === 'prefix' ? 'search_prefix' : 'search_tokens', term.span, ...texts, tokens);
};

const isColumn = (name: string, input: Relation, scope: PlanScope): boolean =>
  columnNamed(input, name) !== undefined ||
  !isSure(input) ||
  (input.open !== undefined && scope.catalogue.attribute(input.open.dataset.name, name) !== undefined);

const predicate = (node: SearchNode, texts: readonly Typed[], input: Relation, scope: PlanScope): Typed | undefined => {
  switch (node.kind) {
    case 'all':
      return always(node.span);
    case 'word':
    case 'phrase':
    case 'prefix':
      return found(texts, node);
    case 'not': {
      const item = predicate(node.item, texts, input, scope);
      return item && call('not', node.span, item);
    }
    case 'and':
    case 'or': {
      const items = node.items.map((i) => predicate(i, texts, input, scope));
      const [first, ...others] = items.filter((i) => i !== undefined);
      return first === undefined || others.length + 1 < items.length ? undefined : joined([first, ...others], (a, b) => call(node.kind, node.span, a, b));
    }
    case 'field': {
      if (!isColumn(node.field, input, scope)) return found(texts, node.word);
      const field = checkExpression({ ...scope, relation: input }, { node: 'name', name: node.field, span: node.fieldSpan });
      if (field === undefined) return undefined;
      const settled = settleFreely(scope, field);
      if (settled === undefined) return undefined;
      if (settled.type.value === 'string' || settled.type.value === 'ip') return found([settled], node.term);
      const number = node.term.kind === 'all' ? Number.NaN : Number(node.term.text);
      if (isNumber(settled.type) && !Number.isNaN(number)) {
        const value: Typed = { op: 'literal', literal: number, type: { ...settled.type, value: 'float' }, span: node.term.span };
        const wide: Typed = settled.type.value === 'float' ? settled : callOf('to_float', { ...settled.type, value: 'float' }, settled.span, settled);
        return call('equals', node.span, wide, value);
      }
      const text = callOf('text', STRING, settled.span, settled);
      return found([text], node.term);
    }
  }
};

export const search: IqlPipe = {
  syntax: syntax('search', { raw: true }),
  form: 'search words "a phrase" pre* field:term -without (a or b)',
  summary: 'Full text search, whole words, case ignored',
  examples: ['from logs last 6h | search "connection refused" -healthcheck'],
  check: (pipe, input, scope) => {
    const body = columnNamed(input, 'body');
    const open = body === undefined ? !isSure(input) : isMistaken(body);
    if (body?.type.value !== 'string' && !open) scope.reporter.error('iql.no-body', { source: input.origin }, pipe.nameSpan);
    if (pipe.raw === undefined || pipe.arguments.length > 0) wrongForm(pipe, search, scope);
    else if (pipe.raw.text.trim() === '') scope.reporter.error('iql.empty-search', {}, written(pipe));
    if (pipe.raw === undefined || pipe.raw.text.trim() === '') return afterMistake(input);
    const { span } = pipe.raw;
    const read = parseSearch(pipe.raw.text, span.start).node;
    const node = span.view === undefined ? read : withSpans(read, ({ start, end }) => within(span, start, end));
    const whole = columnNamed(input, 'raw')?.type.value === 'string' ? ['raw'] : [];
    const texts = ['body', ...whole].map((name): Typed => ({ op: 'column', name, type: columnNamed(input, name)?.type ?? STRING, span }));
    const wanted = scope.size.counted(predicate(node, texts, input, scope), span);
    return wanted === undefined ? afterMistake(input) : { output: input, plan: filtered([wanted], input), streaming: { kind: 'stateless' } };
  },
};
