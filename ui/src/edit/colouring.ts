// Colours of IQL in the editor. A scanner for the eye only: it never decides what is right, the checker does.
import { HighlightStyle, StreamLanguage, type StreamParser } from '@codemirror/language';
import { tags } from '@lezer/highlight';

const WORDS = new Set(
  'and or not in between if case when then else end exists true false missing now as by per over from data let fn alert on last offset at like starts with matches contains has asc desc tolerance within'.split(
    ' ',
  ),
);

interface State {
  afterPipe: boolean;
  inSearch: boolean;
}

const parser: StreamParser<State> = {
  name: 'iql',
  startState: () => ({ afterPipe: false, inSearch: false }),
  token: (stream, state) => {
    if (stream.eatSpace()) return null;
    if (stream.match('//')) {
      stream.skipToEnd();
      return 'comment';
    }
    const afterPipe = state.afterPipe;
    state.afterPipe = false;
    if (stream.match(/^\|/)) {
      state.afterPipe = true;
      state.inSearch = false;
      return 'controlKeyword';
    }
    if (stream.match(/^r"[^"]*"?|^r'[^']*'?/) || stream.match(/^"(\\.|[^"\\])*"?/) || (!state.inSearch && stream.match(/^'(\\.|[^'\\])*'?/))) return 'string';
    if (stream.match(/^`[^`]*`?/)) return 'propertyName';
    if (stream.match(/^@[\w:.+-]+(\[[^\]]*\])?/)) return 'number';
    if (stream.match(/^\$[\p{L}_][\p{L}\p{N}_.]*/u)) return 'variableName.special';
    if (stream.match(/^\d[\d_]*(\.\d+)?([eE][+-]?\d+)?([\p{L}%]+(\/s)?(\d+\p{L}+)*|\/s)?/u)) return 'number';
    const word = stream.match(/^[\p{L}_][\p{L}\p{N}_]*(\.[\p{L}\p{N}_]+)*/u) as RegExpMatchArray | null;
    if (word !== null) {
      const text = word[0].toLowerCase();
      if (afterPipe) {
        state.inSearch = text === 'search';
        return 'controlKeyword';
      }
      if (state.inSearch) return 'string';
      if (WORDS.has(text)) return 'keyword';
      return stream.match(/^\s*\(/, false) ? 'function' : null;
    }
    stream.next();
    return 'punctuation';
  },
  languageData: { commentTokens: { line: '//' }, closeBrackets: { brackets: ['(', '[', '{', '"'] } },
  tokenTable: { controlKeyword: tags.controlKeyword, function: tags.function(tags.variableName) },
};

export const iqlLanguage = StreamLanguage.define(parser);

export const iqlColours = HighlightStyle.define([
  { tag: tags.keyword, color: 'var(--syntax-keyword)' },
  { tag: tags.controlKeyword, color: 'var(--syntax-pipe)' },
  { tag: tags.string, color: 'var(--syntax-text)' },
  { tag: tags.number, color: 'var(--syntax-number)' },
  { tag: tags.comment, color: 'var(--syntax-comment)' },
  { tag: tags.special(tags.variableName), color: 'var(--syntax-number)' },
  { tag: tags.function(tags.variableName), color: 'var(--syntax-function)' },
  { tag: tags.punctuation, color: 'var(--muted)' },
]);
