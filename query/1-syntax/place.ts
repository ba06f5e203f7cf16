// Where in a text the cursor stands: in which bracket, pipe and clause, behind which tokens. The same reading as the parser's, of the text
// before the cursor, also a broken one. Knows no field and offers nothing.
import { Diagnostics } from './diagnostic.ts';
import { lex } from './lexer.ts';
import { pipeWords } from './pipe-words.ts';
import { shape } from './shape.ts';
import type { PipeSyntaxes } from './signature.ts';
import { T, type Token } from './tokens.ts';

/** What holds the cursor: the text or a sub-query itself, or a bracket in it. `in`: the values after `in`; `unit`: of inline rows. */
export type Holder = 'text' | 'query' | 'call' | 'group' | 'in' | 'list' | 'map' | 'case' | 'combine' | 'unit';

interface Frame {
  readonly holder: Holder;
  /** Of a call: the function's name. */
  readonly callee: string;
  stage: 'none' | 'name' | 'value' | 'alert' | 'source' | 'data' | 'range' | 'pipe';
  /** Where the statement, the query at hand and its last `|` begin. */
  statement: number;
  start: number;
  bar: number;
  /** Of an alert: where the query ends that it judges; −1 when there is none before the cursor. */
  judged: number;
  /** The name behind that `|`. */
  pipe: Token | undefined;
  clause: string;
  argumentClause: string;
  readonly clauses: Set<string>;
  /** Since the pipe's name, the clause, the comma or the bracket, and what stands in brackets as the one that closes it. */
  items: Token[];
  /** Arguments of the pipe or clause that are finished. */
  commas: number;
}

export interface Place {
  readonly holder: Holder;
  readonly callee: string;
  readonly stage: Frame['stage'];
  /** Where the statement begins that holds the cursor. */
  readonly statement: number;
  /** Of the query at hand: where it begins, and its last `|`; −1 when there is none. */
  readonly start: number;
  readonly bar: number;
  /** Of the alert at hand: where the query ends that it judges. */
  readonly judged: number;
  readonly pipe: Token | undefined;
  readonly clause: string;
  /** `over`, `as`; in a call `where`; in a case `when`, `then`, `else`. */
  readonly argumentClause: string;
  /** Clauses and words of the range that stand already. */
  readonly clauses: ReadonlySet<string>;
  readonly items: readonly Token[];
  readonly commas: number;
  readonly last: Token | undefined;
  /** Whether the cursor is on a line on which nothing stands before it. */
  readonly ownLine: boolean;
  /** Names of `let` queries. */
  readonly queries: readonly string[];
  /** Functions of the text before the cursor's statement. */
  readonly fns: readonly Fn[];
  /** Of the function in whose body the cursor stands. */
  readonly parameters: readonly string[];
  /** Holders around, the outermost first, with what they are in. */
  readonly around: readonly Pick<Frame, 'holder' | 'callee' | 'pipe' | 'clause' | 'argumentClause' | 'items'>[];
}

interface Fn {
  readonly name: string;
  readonly parameters: readonly string[];
}

/** The function that is defined at `tokens[at]`; undefined where that is none. */
const fnAt = (tokens: readonly Token[], at: number): Fn | undefined => {
  const name = tokens[at + 1];
  if (tokens[at]?.is(T.Fn) !== true || name?.is(T.Name) !== true) return undefined;
  const equals = tokens.findIndex((t, i) => i > at && t.is(T.Equals));
  const head = tokens.slice(at + 2, equals < 0 ? undefined : equals);
  return { name: name.name, parameters: head.filter((t) => t.is(T.Name)).map((t) => t.name) };
};

const frameOf = (holder: Holder, callee = ''): Frame => ({
  holder,
  callee,
  stage: 'none',
  statement: 0,
  start: 0,
  bar: -1,
  judged: -1,
  pipe: undefined,
  clause: '',
  argumentClause: '',
  clauses: new Set(),
  items: [],
  commas: 0,
});

/** A name that no text has: what stands before it is read as before something. */
const CURSOR = ' `·`';

/** Where the end of `head` is, a word already begun not among it; undefined inside a text, a comment or the words of a search. */
export const placeAtEnd = (head: string, pipes: PipeSyntaxes): Place | undefined => {
  const ignored = new Diagnostics(0);
  const words = pipeWords(pipes);
  const lexed = lex(`${head}${CURSOR}`, words, ignored);
  if (lexed.comments.some(({ span }) => span.end > head.length)) return undefined;
  const shaped = shape(`${head}${CURSOR}`, lexed.tokens, words, ignored) ?? [];
  const end = shaped.findIndex((t) => !t.synthetic && t.startOffset >= head.length);
  const cursor = shaped[end];
  if (cursor === undefined || !(cursor.is(T.Name) || cursor.is(T.PipeName))) return undefined;
  const frames: Frame[] = [frameOf('text')];
  const queries: string[] = [];
  // What the shaper puts in before the cursor is put in for its name.
  const tokens = shaped.slice(0, end).filter((t) => t.startOffset < head.length);
  for (const [i, t] of tokens.entries()) step(frames, t, tokens, i, queries);
  const frame = frames.at(-1) as Frame;
  const query = frames.findLast(({ holder }) => holder === 'text' || holder === 'query') as Frame;
  const last = tokens.findLast((t) => !t.synthetic);
  const statement = frames[0]?.statement ?? 0;
  const begin = tokens.findIndex((t) => t.startOffset === statement);
  return {
    ...frame,
    statement,
    start: query.start,
    bar: query.bar,
    pipe: query.pipe,
    last,
    ownLine: /[\r\n]/.test(head.slice(last?.end ?? 0)),
    queries,
    fns: tokens.slice(0, Math.max(begin, 0)).flatMap((_, i) => fnAt(tokens, i) ?? []),
    parameters: frames[0]?.stage === 'value' ? (fnAt(tokens, begin)?.parameters ?? []) : [],
    around: frames.slice(0, -1),
  };
};

const step = (frames: Frame[], t: Token, tokens: readonly Token[], i: number, queries: string[]): void => {
  const frame = frames.at(-1) as Frame;
  const before = tokens[i - 1];
  const start = (stage: Frame['stage']): void => {
    Object.assign(frame, { stage, items: [], clause: '', argumentClause: '', commas: 0 });
    frame.clauses.clear();
  };
  switch (t.tokenType) {
    case T.Let:
    case T.Fn:
      start('name');
      frame.statement = t.startOffset;
      return;
    case T.Alert:
      start('alert');
      frame.statement = t.startOffset;
      frame.judged = -1;
      return;
    case T.From:
    case T.Data:
      // `from data [` is one source.
      if (!(t.is(T.Data) && before?.is(T.From))) frame.start = t.startOffset;
      if (frame.holder === 'text') frame.statement = frame.start;
      start(t.is(T.From) ? 'source' : 'data');
      frame.bar = -1;
      frame.pipe = undefined;
      return;
    case T.DataWord:
      frame.items.push(t);
      return;
    case T.RangeWord:
      frame.stage = 'range';
      frame.items = [t];
      frame.clauses.add(t.word);
      return;
    case T.Pipe:
      start('pipe');
      frame.bar = t.startOffset;
      frame.pipe = undefined;
      return;
    case T.PipeName:
      frame.pipe = t;
      return;
    case T.Clause:
      Object.assign(frame, { clause: t.word, argumentClause: '', items: [], commas: 0 });
      frame.clauses.add(t.word);
      return;
    case T.ArgumentClause:
    case T.Where:
    case T.When:
    case T.Then:
    case T.Else:
      Object.assign(frame, { argumentClause: t.word === '' ? t.image.toLowerCase() : t.word, items: [] });
      return;
    case T.Comma:
      Object.assign(frame, { argumentClause: '', items: [], commas: frame.commas + 1 });
      return;
    case T.Open:
      frames.push(
        frameOf(
          before?.is(T.Callee) ? 'call' : before?.is(T.In) ? 'in' : before?.is(T.Combine) ? 'combine' : before?.is(T.DataWord) ? 'unit' : 'group',
          before?.name.toLowerCase(),
        ),
      );
      return;
    case T.QueryOpen:
      if (frame.stage === 'name' || frame.stage === 'value') {
        const name = tokens[i - 2];
        if (tokens[i - 3]?.is(T.Let) && name?.is(T.Name)) queries.push(name.name);
      }
      frames.push(frameOf('query'));
      return;
    case T.ListOpen:
      frames.push(frameOf('list'));
      return;
    case T.MapOpen:
      frames.push(frameOf('map'));
      return;
    case T.Case:
      frames.push(frameOf('case'));
      return;
    case T.Close:
    case T.ListClose:
    case T.MapClose:
    case T.End:
      if (frames.length > 1) frames.pop();
      frames.at(-1)?.items.push(t);
      if (frame.holder === 'query' && frames[0]?.stage === 'alert' && frames[0].clause === 'when' && frames.length === 1) frames[0].judged = t.startOffset;
      if (frames.at(-1)?.stage === 'data' && t.is(T.ListClose)) (frames.at(-1) as Frame).stage = 'range';
      return;
    case T.Equals:
      if (frame.stage === 'name') frame.stage = 'value';
      frame.items.push(t);
      return;
    default:
      if (frame.stage === 'source') frame.stage = 'range';
      frame.items.push(t);
  }
};
