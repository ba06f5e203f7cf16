// Between lexer and grammar: finds what each word means in its place (pipes, clauses, word operators, ranges), balances brackets,
// and mends what the grammar should not have to know. After it the grammar needs one token of lookahead and always finds its closing brackets.
import { ALERT } from './alert-syntax.ts';
import { MAX_DEPTH } from './bounds.ts';
import { type Diagnostics, type Fix, fixOf, syntaxError } from './diagnostic.ts';
import { nearest } from './nearest.ts';
import { PIPES_NOT_YET } from './not-yet.ts';
import { isUnit, readNumber } from './number-literal.ts';
import { longestPhrase, type PipeWords } from './pipe-words.ts';
import { fromPromql } from './promql.ts';
import type { PipeSyntax } from './signature.ts';
import { sqlProblem } from './sql.ts';
import { TIME_BINS } from './time-bin.ts';
import { endsOperand, OPERATOR_WORDS, startsOperand, T, Token } from './tokens.ts';

type FrameKind = 'text' | 'query' | 'group' | 'call' | 'combine' | 'list' | 'map' | 'case';
interface Frame {
  kind: FrameKind;
  readonly open: Token | undefined;
  /** Index of the first token inside. */
  readonly start: number;
  /** `equals`: of a `let` or `fn`, before its `=`. */
  stage: 'none' | 'equals' | 'source' | 'data' | 'range' | 'pipe';
  syntax: PipeSyntax | undefined;
  clause: string;
}

const CLOSERS = new Map<FrameKind, readonly [type: (typeof T)[keyof typeof T], image: string]>([
  ['query', [T.Close, ')']],
  ['group', [T.Close, ')']],
  ['call', [T.Close, ')']],
  ['combine', [T.Close, ')']],
  ['list', [T.ListClose, ']']],
  ['map', [T.MapClose, '}']],
  ['case', [T.End, 'end']],
]);
const UNKNOWN_PIPE: PipeSyntax = { name: '', clauses: ['by', 'per', 'on', 'within', 'with'], argumentClauses: ['over', 'as'], raw: false };
const DATA_WORDS = new Set(['gauge', 'counter', 'histogram', 'delta']);
const RANGE_WORDS = new Set(['last', 'at', 'offset']);
/** Pipes that are short for an aggregate. */
const AGGREGATING = /^(count|sum|avg|min|max|first|last|p\d+)$/;
/** A range in brackets, as only PromQL has it. */
const PROMQL = /\[\s*\d+(ms|s|m|h|d|w)\s*\]/;
/** What other languages call `fn`. */
const FN_WORDS = new Set(['def', 'define', 'func', 'function']);
const NULLS = new Set(['null', 'nil', 'none', 'missing']);

/** As `startsOperand`, of a token that has not found its place yet. */
const couldStart = (t: Token | undefined): boolean => startsOperand(t) || t?.word === 'if';

export const endToken = (text: string): Token => new Token(T.EndOfText, '', text.length, '', '');

/** The tokens as the grammar wants them, the last one `EndOfText`; undefined when the text is nested too deep to be read. */
export const shape = (text: string, tokens: readonly Token[], pipes: PipeWords, diagnostics: Diagnostics): Token[] | undefined => {
  const out: Token[] = [];
  const frames: Frame[] = [{ kind: 'text', open: undefined, start: 0, stage: 'none', syntax: undefined, clause: '' }];
  let index = 0;
  let tooDeep = false;

  const top = (): Frame => frames[frames.length - 1] as Frame;
  const previous = (back = 1): Token | undefined => out[out.length - back];
  const ahead = (by = 1): Token | undefined => tokens[index + by];
  const previousEnd = (): number => previous()?.end ?? 0;
  const expectsOperand = (): boolean => !endsOperand(previous());
  const spanOf = (t: Token, to: Token = t) => ({ start: t.startOffset, end: to.end });
  const synthetic = (type: (typeof T)[keyof typeof T], at: number): Token => {
    const token = new Token(type, '', at, '', '');
    token.synthetic = true;
    return token;
  };
  /** One token out of several words. */
  const merged = (type: (typeof T)[keyof typeof T], count: number, word: string): Token => {
    const first = tokens[index] as Token;
    const end = (tokens[index + count - 1] as Token).end;
    index += count - 1;
    return new Token(type, text.slice(first.startOffset, end), first.startOffset, word, first.name);
  };

  const push = (kind: FrameKind, open: Token): void => {
    out.push(open);
    frames.push({ kind, open, start: out.length, stage: 'none', syntax: undefined, clause: '' });
    if (frames.length <= MAX_DEPTH + 1 || tooDeep) return;
    tooDeep = true;
    diagnostics.add(syntaxError('iql.too-deep', { limit: MAX_DEPTH }, spanOf(open)));
  };
  const popUnclosed = (): void => {
    const frame = frames.pop() as Frame;
    const [type, image] = CLOSERS.get(frame.kind) as readonly [(typeof T)[keyof typeof T], string];
    const open = frame.open as Token;
    const at = previousEnd();
    const written = image === 'end' ? ' end' : image;
    diagnostics.add(syntaxError('iql.unclosed', { open: open.image, close: image }, spanOf(open), fixOf(`Add ${image}`, at, at, written)));
    out.push(synthetic(type, at));
  };
  const popToText = (): void => {
    while (frames.length > 1) popUnclosed();
  };
  const close = (t: Token): void => {
    let match = frames.length - 1;
    while (match > 0 && CLOSERS.get((frames[match] as Frame).kind)?.[0] !== t.tokenType) match -= 1;
    if (match === 0) {
      diagnostics.add(syntaxError('iql.unopened', { close: t.image }, spanOf(t), fixOf('Remove it', t.startOffset, t.end, '')));
      return;
    }
    while (frames.length - 1 > match) popUnclosed();
    frames.pop();
    out.push(t);
  };
  /** Whether the bracket at hand holds a call's arguments: none, several, or a filter. */
  const holdsArguments = (): boolean => {
    for (let i = index + 1, depth = 0; i < tokens.length; i++) {
      const t = tokens[i] as Token;
      if (t.is(T.Open) || t.is(T.ListOpen) || t.is(T.MapOpen)) depth += 1;
      else if (t.is(T.Close) || t.is(T.ListClose) || t.is(T.MapClose)) {
        if (depth === 0) return i === index + 1;
        depth -= 1;
      } else if (depth === 0 && t.is(T.Pipe)) return false;
      else if (depth === 0 && (t.is(T.Comma) || (t.word === 'where' && couldStart(tokens[i + 1])))) return true;
    }
    return false;
  };
  const open = (t: Token): void => {
    const before = previous();
    const next = ahead();
    if (next?.is(T.From) || (next?.is(T.Data) && !ahead(2)?.is(T.Colon))) push('query', t.become(T.QueryOpen));
    else if (before?.is(T.Combine)) push('combine', t);
    else if (before?.is(T.PipeName) && holdsArguments()) {
      // `| sum(bytes where ok) by host`: the pipe's name is the aggregate's too.
      const callee = new Token(T.Callee, before.image, before.startOffset, '', before.word, undefined, before.end);
      callee.synthetic = true;
      out.push(callee);
      push('call', t);
    } else if (before?.is(T.Name) && !previous(2)?.is(T.Fn) && !previous(2)?.is(T.From)) {
      before.become(T.Callee);
      push('call', t);
    } else push('group', t);
  };

  /** A name where a query should begin. */
  const missingFrom = (t: Token): void => {
    const fix = fixOf(`Write from ${t.image}`, t.startOffset, t.startOffset, 'from ');
    diagnostics.add(syntaxError('iql.missing-from', { name: t.image }, spanOf(t), fix));
  };
  /** `bin(time, 5m) | summarize count()`, at `bin`: the width belongs to the aggregation behind it; where there is none rows are counted. */
  const binPipe = (): Fix | undefined => {
    let close = index + 1;
    if (!tokens[close]?.is(T.Open)) return undefined;
    let width: string | undefined;
    for (let t = tokens[++close]; t !== undefined && !t.is(T.Close); t = tokens[++close]) {
      if (t.node?.node === 'quantity' && t.node.kind === 'duration') width = t.image;
      else if (!t.is(T.Name) && !t.is(T.Comma)) return undefined;
    }
    const closed = tokens[close];
    if (width === undefined || closed === undefined) return undefined;
    const [bar, aggregation] = [tokens[close + 1], tokens[close + 2]];
    const whole = bar?.is(T.Pipe) === true && pipes.guess(aggregation?.word ?? '')?.name === 'summarize';
    const short = bar?.is(T.Pipe) === true && AGGREGATING.test(aggregation?.word ?? '');
    const end = (whole ? aggregation : short ? bar : closed) as Token;
    return fixOf(`Write every ${width}`, (tokens[index] as Token).startOffset, end.end, `every ${width}${whole || short ? '' : ' count'}`);
  };
  /** `limit = 5`, `severity = high` */
  const withoutEquals = (): void => {
    const equals = ahead();
    if (!equals?.is(T.Equals)) return;
    const pipe = (previous() as Token).image;
    diagnostics.add(syntaxError('iql.pipe-equals', { pipe }, spanOf(equals), fixOf('Remove the =', equals.startOffset, equals.end, ' ')));
    index += 1;
  };
  const pipeName = (): void => {
    const frame = top();
    frame.stage = 'pipe';
    frame.clause = '';
    const words: string[] = [];
    for (let k = 1; k <= 3; k++) {
      const t = ahead(k);
      if (t === undefined || !t.is(T.Name) || t.word === '') break;
      words.push(t.word);
    }
    const found = pipes.find(words);
    const name = ahead();
    if (name === undefined || !name.is(T.Name)) {
      frame.syntax = UNKNOWN_PIPE;
      const bar = previous() as Token;
      if (!bar.synthetic) diagnostics.add(syntaxError('iql.missing-pipe', {}, spanOf(bar)));
      return;
    }
    index += 1;
    const [first = name.name] = words;
    const by = ahead(found?.length ?? 1)?.word === 'by';
    const later = found === undefined ? longestPhrase([...PIPES_NOT_YET.keys()], words) : undefined;
    if (found !== undefined && !(by && !found.syntax.raw && !found.syntax.clauses.includes('by'))) {
      const token = merged(T.PipeName, found.length, words.slice(0, found.length).join(' '));
      token.syntax = frame.syntax = found.syntax;
      out.push(token);
    } else if (later !== undefined) {
      const token = merged(T.PipeName, later.split(' ').length, later);
      token.syntax = frame.syntax = UNKNOWN_PIPE;
      diagnostics.add(syntaxError('iql.not-yet', { what: `\`${later}\``, instead: PIPES_NOT_YET.get(later) as string }, spanOf(token)));
      out.push(token);
    } else {
      const guess = found?.syntax ?? (by ? pipes.guess(`${first} by`) : undefined) ?? (words.length === 0 ? undefined : pipes.guess(first));
      // `sort by x`, `order by x`: the name without its `by`.
      const joined = by && guess !== undefined && !guess.raw && !guess.clauses.includes('by');
      const count = (found?.length ?? 1) + (joined ? 1 : 0);
      const bin = TIME_BINS.has(first.toLowerCase()) ? binPipe() : undefined;
      const token = merged(T.PipeName, count, joined ? `${first} by` : first);
      token.syntax = frame.syntax = guess ?? UNKNOWN_PIPE;
      const fix = guess && fixOf(`Write ${guess.name}`, token.startOffset, token.end, guess.name);
      diagnostics.add(syntaxError('iql.unknown-pipe', { name: token.image, nearest: guess?.name ?? '' }, spanOf(token), bin ?? fix));
      out.push(token);
    }
    if (!frame.syntax.raw) withoutEquals();
  };
  const pipe = (t: Token): void => {
    for (let frame = top(); frame.kind !== 'query' && frame.kind !== 'text'; frame = top()) {
      const first = out[frame.start];
      if (frame.kind === 'group' && out.length === frame.start + 1 && first?.is(T.Name)) {
        missingFrom(first);
        (frame.open as Token).become(T.QueryOpen);
        out.splice(frame.start, 0, synthetic(T.From, first.startOffset));
        frame.kind = 'query';
        break;
      }
      popUnclosed();
    }
    const frame = top();
    if (frame.kind === 'text' && frame.stage === 'none' && (out.length === 0 || out.at(-1)?.is(T.EndOfText))) {
      diagnostics.add(syntaxError('iql.no-query', {}, spanOf(t)));
      out.push(synthetic(T.From, t.startOffset));
    }
    out.push(t);
    pipeName();
  };

  /** `over`, `by`, `on error` … of the pipe at hand. */
  const clause = (t: Token): boolean => {
    const frame = top();
    if (frame.syntax === undefined || t.word === '' || (frame.kind !== 'query' && frame.kind !== 'text')) return false;
    const before = previous();
    const reserved = (t.is(T.Reserved) && t.word !== 'if') || (t.is(T.When) && before?.is(T.Alert) === true);
    if (!reserved && !(endsOperand(before) || before?.is(T.PipeName) || before?.is(T.Clause) || before?.is(T.ArgumentClause) || before?.is(T.Comma)))
      return false;
    if (before?.is(T.Clause) && frame.syntax.values?.get(before.word)?.includes(t.word) === true) return false;
    const words = [t.word, ahead(1)?.word ?? '', ahead(2)?.word ?? ''];
    const whole = longestPhrase(frame.syntax.clauses, words);
    const part = longestPhrase(frame.syntax.argumentClauses, words);
    const phrase = whole ?? part ?? (reserved ? t.word : undefined);
    if (phrase === undefined) return false;
    const ofArgument = whole === undefined && (part !== undefined || phrase === 'over' || phrase === 'as');
    if (!ofArgument) frame.clause = phrase;
    frame.stage = 'pipe';
    out.push(merged(ofArgument ? T.ArgumentClause : T.Clause, phrase.split(' ').length, phrase));
    if (frame.syntax === ALERT) withoutEquals();
    return true;
  };

  /** The start of a query, in its place or where parentheses are missing. */
  const source = (t: Token): void => {
    const ownLine = /[\r\n]/.test(text.slice(previousEnd(), t.startOffset));
    if (ownLine && endsOperand(previous())) popToText();
    t.statement = frames.length === 1 && (endsOperand(previous()) || (ownLine && !previous()?.is(T.Equals) && !previous()?.is(T.From)));
    if (t.statement) definition = false;
    const frame = top();
    const next = ahead();
    const asName = next === undefined || !(next.is(T.Name) || next.is(T.Data) || next.is(T.ListOpen) || next.is(T.From) || next.word !== '');
    if (t.statement) frame.syntax = undefined;
    const fresh = frame.stage === 'none' && out.length === frame.start;
    if (t.is(T.Data) && previous()?.is(T.From)) frame.stage = 'data';
    else if (asName && !fresh && !t.statement && expectsOperand() && frame.stage === 'pipe' && !previous()?.is(T.QueryOpen)) {
      reservedName(t);
      return;
    } else frame.stage = t.is(T.Data) ? 'data' : 'source';
    out.push(t);
  };
  const reservedName = (t: Token): void => {
    const fix = fixOf('Put it into backticks', t.startOffset, t.end, `\`${t.image}\``);
    diagnostics.add(syntaxError('iql.reserved-word', { word: t.image }, spanOf(t), fix));
    out.push(t.become(T.Name));
  };

  /** `not` before `in`, `like` and their like; `is null`; `starts with`. */
  const wordOperator = (t: Token): boolean => {
    if (expectsOperand()) return false;
    const negated = t.is(T.Not);
    const at = negated ? 1 : 0;
    const word = tokens[index + at];
    if (word === undefined) return false;
    if (t.word === 'is') {
      const not = ahead()?.is(T.Not) === true;
      const last = ahead(not ? 2 : 1);
      if (last === undefined || !NULLS.has(last.image.toLowerCase())) return false;
      const token = merged(T.IsMissing, not ? 3 : 2, 'is');
      token.negated = not;
      out.push(token);
      return true;
    }
    if (negated && (word.is(T.In) || word.is(T.Between))) {
      const token = merged(word.tokenType, 2, word.word);
      token.negated = true;
      out.push(token);
      return true;
    }
    if (!word.is(T.Name) || !OPERATOR_WORDS.has(word.word)) return false;
    const long = word.word === 'starts';
    if (long && tokens[index + at + 1]?.word !== 'with') return false;
    const next = tokens[index + at + (long ? 2 : 1)];
    if (!(couldStart(next) || next === undefined || next.is(T.Pipe) || next.is(T.Close))) return false;
    const token = merged(T.Operator, at + (long ? 2 : 1), long ? 'starts with' : word.word);
    token.negated = negated;
    out.push(token);
    return true;
  };

  /** `5 m` where only `5m` can be meant. */
  const spacedUnit = (t: Token): boolean => {
    const unit = ahead();
    if (t.node?.node !== 'number' || unit === undefined || !unit.is(T.Name) || unit.startOffset === t.end || ahead(2)?.is(T.Open)) return false;
    if (!isUnit(unit.image)) return false;
    const before = previous();
    const afterPipe = before?.is(T.PipeName) === true;
    if (!afterPipe && !before?.is(T.RangeWord) && !before?.is(T.Clause) && !before?.is(T.ArgumentClause) && !before?.is(T.Operator) && !before?.is(T.Minus))
      return false;
    if (afterPipe && !couldStart(ahead(2))) return false;
    const joined = `${t.image}${unit.image}`;
    const { node } = readNumber(joined, 0);
    const span = spanOf(t, unit);
    const fix = fixOf(`Write ${joined}`, t.end, unit.startOffset, '');
    diagnostics.add(syntaxError('iql.space-before-unit', { text: text.slice(span.start, span.end), joined }, span, fix));
    out.push(new Token(T.Literal, joined, span.start, '', '', { ...node, span }, span.end));
    index += 1;
    return true;
  };

  /** `=`: names what stands before it, or compares. */
  const equals = (t: Token): void => {
    const frame = top();
    const name = previous();
    const before = previous(2);
    if (frame.stage === 'equals') {
      frame.stage = 'none';
      out.push(t);
    } else if (frame.kind === 'combine' && name?.is(T.Name) && (before?.is(T.Open) || before?.is(T.Comma))) out.push(t);
    else {
      const heads = name?.is(T.Name) && (before?.is(T.PipeName) || before?.is(T.Clause) || before?.is(T.Comma));
      const compares = frame.clause === '' ? frame.syntax?.equals === 'compares' : frame.syntax?.comparing?.includes(frame.clause);
      const names = heads && frame.stage === 'pipe' && (frame.kind === 'query' || frame.kind === 'text') && !compares;
      if (!names) t.word = '==';
      const last = previous(3);
      if (name?.is(T.Name) && frame.syntax?.leads === true && frame.clause === '' && endsOperand(before) && last?.is(T.PipeName)) name.led = true;
      out.push(names ? t : t.become(T.Operator));
    }
  };
  /** `==` where only `=` can be meant. */
  const assignment = (t: Token): boolean => {
    const frame = top();
    const name = previous();
    const before = previous(2);
    const heads =
      name?.is(T.Name) && frame.clause === '' && (before?.is(T.PipeName) || before?.is(T.Comma)) && (frame.kind === 'query' || frame.kind === 'text');
    if (!(frame.stage === 'equals' || (heads && frame.stage === 'pipe' && frame.syntax?.equals === 'assigns'))) return false;
    if (frame.stage === 'equals') frame.stage = 'none';
    diagnostics.add(syntaxError('iql.assignment', { name: name?.image ?? '' }, spanOf(t), fixOf('Write =', t.startOffset, t.end, '=')));
    out.push(t.become(T.Equals));
    return true;
  };

  /** A text that begins as SQL, PromQL or a search of `field:word` do; told, with the whole as it is written here where that can be said. */
  const otherLanguage = (t: Token): boolean => {
    const next = ahead();
    if (t.word === 'select' && next !== undefined && !next.is(T.Pipe)) {
      diagnostics.instead(t.startOffset, sqlProblem(text, tokens, index));
      return true;
    }
    const end = (tokens.at(-1) as Token).end;
    const rest = text.slice(t.startOffset, end);
    if ((next?.is(T.Open) || next?.word === 'by') && PROMQL.test(rest)) {
      const meant = fromPromql(rest);
      const fix = meant === undefined ? undefined : fixOf('Write it with pipes', t.startOffset, end, meant);
      diagnostics.instead(t.startOffset, syntaxError('iql.promql', {}, spanOf(t), fix));
      return true;
    }
    if (next?.is(T.Colon) && next.startOffset === t.end && ahead(2)?.startOffset === next.end) {
      const search = 'logs | search ';
      const fix = fixOf(`Write from ${search}`.trim(), t.startOffset, t.startOffset, `from ${search}`);
      diagnostics.add(syntaxError('iql.missing-from', { name: `${search}${t.image}:…` }, spanOf(t), fix));
      return true;
    }
    return false;
  };
  const name = (t: Token): void => {
    const frame = top();
    const before = previous();
    if (frame.kind === 'text' && frame.stage === 'none' && !inDefinition()) {
      const next = ahead();
      if (otherLanguage(t)) {
        index = tokens.length;
        return;
      }
      if (FN_WORDS.has(t.word) && next?.is(T.Name) && ahead(2)?.is(T.Open)) {
        const found = `${t.image} ${next.image}(…)`;
        const fix = fixOf('Write fn', t.startOffset, t.end, 'fn');
        diagnostics.add(syntaxError('iql.foreign-form', { found, instead: `fn ${next.image}(…) = …` }, spanOf(t), fix));
        word(t.become(T.Fn));
        return;
      }
      if (next?.is(T.From) && pipes.find([t.word])?.length === 1) {
        diagnostics.add(syntaxError('iql.pipe-before-from', { pipe: t.image }, spanOf(t)));
        return;
      }
      if (next?.is(T.From) && PIPES_NOT_YET.has(t.word)) {
        diagnostics.add(syntaxError('iql.not-yet', { what: `\`${t.word}\``, instead: PIPES_NOT_YET.get(t.word) as string }, spanOf(t)));
        return;
      }
      if (next?.is(T.Name) && nearest(t.word, ['from']) !== undefined && pipes.find([next.word]) === undefined) {
        diagnostics.add(syntaxError('iql.missing-from', { name: next.image }, spanOf(t), fixOf('Write from', t.startOffset, t.end, 'from')));
        frame.stage = 'source';
        out.push(synthetic(T.From, t.startOffset));
        return;
      }
      if (pipes.find([t.word]) !== undefined) {
        diagnostics.add(syntaxError('iql.no-query', {}, spanOf(t)));
        out.push(synthetic(T.From, t.startOffset), synthetic(T.Pipe, t.startOffset));
        index -= 1;
        pipeName();
        return;
      }
      missingFrom(t);
      out.push(synthetic(T.From, t.startOffset));
      frame.stage = 'source';
    }
    if (frame.stage === 'source') {
      frame.stage = 'range';
      if (t.word === 'combine' && ahead()?.is(T.Open)) t.become(T.Combine);
    } else if (frame.stage === 'data' && DATA_WORDS.has(t.word)) t.become(T.DataWord);
    else if (frame.stage === 'range' && RANGE_WORDS.has(t.word) && endsOperand(before)) t.become(T.RangeWord);
    else if (frame.stage === 'range' && frame.kind !== 'call' && endsOperand(before) && pipes.find([t.word]) !== undefined) {
      diagnostics.add(syntaxError('iql.missing-bar', { pipe: t.word }, spanOf(t), fixOf('Add |', t.startOffset, t.startOffset, '| ')));
      out.push(synthetic(T.Pipe, t.startOffset));
      index -= 1;
      pipeName();
      return;
    } else if (frame.kind === 'call' && t.word === 'where' && (endsOperand(before) || before?.is(T.Open) || before?.is(T.Comma)) && couldStart(ahead()))
      t.become(T.Where);
    out.push(t);
  };
  /** Whether the text so far ends in a `let` or `fn` whose value is being read. */
  const inDefinition = (): boolean => definition;
  let definition = false;

  const word = (t: Token): void => {
    const frame = top();
    const isKey = frame.kind === 'map' && (previous()?.is(T.MapOpen) || previous()?.is(T.Comma)) && ahead()?.is(T.Colon);
    const isUnit = frame.kind === 'group' && previous(2)?.is(T.DataWord) && ahead()?.is(T.Close);
    if (t.word !== '' && (isKey || isUnit)) {
      out.push(t.become(T.Name));
      return;
    }
    if (clause(t) || wordOperator(t)) return;
    switch (t.tokenType) {
      case T.Name:
        name(t);
        return;
      case T.From:
      case T.Data:
        source(t);
        return;
      case T.Let:
      case T.Fn:
        popToText();
        definition = true;
        top().stage = 'equals';
        top().syntax = undefined;
        out.push(t);
        return;
      case T.Case:
        push('case', t);
        return;
      case T.End:
        if (frames.some((f) => f.kind === 'case')) close(t);
        else if (expectsOperand()) reservedName(t);
        else out.push(t.become(T.Reserved));
        return;
      case T.Between:
        out.push(frame.stage === 'range' && endsOperand(previous()) ? t.become(T.RangeWord) : t);
        return;
      case T.Reserved:
        if (t.word === 'if' && ahead()?.is(T.Open)) out.push(t.become(T.Name));
        else if (t.word === 'if') {
          diagnostics.add(syntaxError('iql.if-form', {}, spanOf(t)));
          out.push(t.become(T.Name));
        } else if (expectsOperand()) reservedName(t);
        else out.push(t);
        return;
      default:
        out.push(t);
    }
  };
  const alert = (t: Token): void => {
    popToText();
    Object.assign(top(), { stage: 'pipe', syntax: ALERT, clause: '' });
    definition = false;
    out.push(t);
  };

  for (; index < tokens.length && !tooDeep; index++) {
    const t = tokens[index] as Token;
    switch (t.tokenType) {
      case T.Open:
        open(t);
        break;
      case T.ListOpen:
        if (top().stage === 'data') top().stage = 'range';
        push('list', t);
        break;
      case T.MapOpen:
        push('map', t);
        break;
      case T.Close:
      case T.ListClose:
      case T.MapClose:
        close(t);
        break;
      case T.Pipe:
        pipe(t);
        break;
      case T.Equals:
        equals(t);
        break;
      case T.Alert:
        alert(t);
        break;
      case T.Literal:
        if (t.word === 'now' && ahead()?.is(T.Open) && ahead(2)?.is(T.Close)) {
          const last = ahead(2) as Token;
          diagnostics.add(syntaxError('iql.foreign-form', { found: 'now()', instead: 'now' }, spanOf(t, last), fixOf('Write now', t.end, last.end, '')));
          index += 2;
          out.push(t);
        } else if (!(t.word === '' && spacedUnit(t))) word(t);
        break;
      case T.Operator:
        if (!(t.word === '==' && assignment(t))) out.push(t);
        break;
      default:
        word(t);
    }
  }
  if (tooDeep) return undefined;
  popToText();
  out.push(endToken(text));
  return out;
};
