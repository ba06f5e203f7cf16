// When completion opens, what it shows and which keys take from it. Nothing opens by itself behind something finished, and Enter
// breaks the line unless a word is begun that is not yet whole, or the list was asked for or walked through.
import {
  acceptCompletion,
  autocompletion,
  type CompletionContext,
  type CompletionResult,
  closeCompletion,
  completionStatus,
  currentCompletions,
  moveCompletionSelection,
  type Completion as Option,
  startCompletion,
} from '@codemirror/autocomplete';
import { type EditorState, type Extension, Prec, StateEffect, StateField } from '@codemirror/state';
import { type Command, keymap } from '@codemirror/view';
import { highlight } from '../../../query/language.ts';
import type { Completion } from '../data/types.ts';

interface Completes {
  /** At once; undefined where only the server knows. */
  readonly completeHere: (text: string, offset: number) => readonly Completion[] | undefined;
  readonly complete: (text: string, offset: number) => Promise<readonly Completion[]>;
}

const TYPES: Readonly<Record<string, string>> = {
  source: 'class',
  pipe: 'keyword',
  field: 'property',
  value: 'text',
  unit: 'constant',
};

const WORDS: ReadonlySet<string> = new Set(['name', 'keyword', 'pipe', 'clause', 'function']);
/** Words and signs behind which, after a space, something must follow. */
const FOLLOWED = /(?:\||(?:^|\s)(?:from|by|per|where|on)|[=!]=|\bin \()[ \t]*$/i;

/** Whether typing up to here opens the list: a word, a value's quotes, or where something must follow. */
export const opensAt = (text: string, offset: number): boolean => {
  const token = highlight(text).find(({ span }) => span.start < offset && offset <= span.end);
  if (token === undefined) return FOLLOWED.test(text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset));
  const { kind, span } = token;
  if (kind !== 'text') return WORDS.has(kind) || text[offset - 1] === '|';
  if (text[span.start] !== '"') return false;
  return offset < span.end || span.end === span.start + 1 || text[span.end - 1] !== '"';
};

interface Shown extends Option {
  readonly from: number;
  /** What stands there when nothing is lacking. */
  readonly whole: (written: string) => boolean;
}

const shown = (item: Completion): Shown => {
  const label = item.kind === 'value' ? item.insert : item.label;
  const anyCase = item.kind === 'pipe' || item.kind === 'keyword';
  return {
    label,
    apply: item.insert,
    type: TYPES[item.kind] ?? item.kind,
    detail: [item.type, item.unit === '1' ? '(ratio)' : item.unit].filter((part) => part !== null && part !== '').join(' '),
    ...(item.detail === null || item.detail === '' ? {} : { info: item.detail }),
    from: item.from,
    whole: (written) => written === label || written === item.insert || (anyCase && written.toLowerCase() === label.toLowerCase()),
  };
};

/** Where in a label the written part is, for the eye. */
const matched = ({ label }: Option, written: string): readonly number[] => {
  const at = label.toLowerCase().indexOf(written.toLowerCase());
  return at < 0 || written === '' ? [] : [at, at + written.length];
};

/** As many values as the server sends at most: with fewer, those that a longer beginning leaves are among them. */
const MOST_VALUES = 50;

/** Of what was found those texts that hold what is written in quotes; undefined where the server must be asked again. */
export const narrowed = (found: readonly Completion[], written: string): readonly Completion[] | undefined => {
  // Found before the quote was written, fields are among them: they would take its place.
  const texts = found.filter(({ insert }) => insert.startsWith('"'));
  return written.startsWith('"') && texts.length < MOST_VALUES
    ? texts.filter(({ insert }) => insert.slice(1).toLowerCase().includes(written.slice(1).toLowerCase()))
    : undefined;
};

/** How many of the closing signs of `insert` stand behind the cursor already: the editor closes quotes and brackets by itself. */
const closedAlready = (insert: string, written: string, behind: string): number => {
  const quote = written.startsWith('"') && behind.startsWith('"') ? 1 : 0;
  return insert.endsWith(']') && behind[quote] === ']' ? quote + 1 : quote;
};

const resultOf = (found: readonly Completion[], text: string, position: number, language: Completes): CompletionResult | null => {
  const [first] = found;
  if (first === undefined) return null;
  const written = text.slice(first.from, position);
  const options = found.filter((item) => item.from === first.from).map(shown);
  if (options.length === 1 && options[0]?.whole(written) === true) return null;
  return {
    from: first.from,
    to: position + closedAlready(first.insert, written, text.slice(position)),
    filter: false,
    options,
    getMatch: (option) => matched(option, written),
    update: (_current, _from, _to, { state, pos }) => {
      const now = state.doc.toString();
      if (!opensAt(now, pos)) return null;
      const here = language.completeHere(now, pos) ?? narrowed(found, now.slice(first.from, pos));
      return here === undefined ? null : resultOf(here, now, pos, language);
    },
  };
};

const source =
  (language: Completes) =>
  async (context: CompletionContext): Promise<CompletionResult | null> => {
    const text = context.state.doc.toString();
    if (!context.explicit && !opensAt(text, context.pos)) return null;
    const found = language.completeHere(text, context.pos) ?? (await language.complete(text, context.pos));
    return context.aborted ? null : resultOf(found, text, context.pos, language);
  };

const choosing = StateEffect.define<boolean>();
/** Whether the list was asked for or walked through since the last change of the text. */
const chosen = StateField.define<boolean>({
  create: () => false,
  update: (before, transaction) => {
    for (const effect of transaction.effects) if (effect.is(choosing)) return effect.value;
    return before && !transaction.docChanged;
  },
});

const enterTakes = (state: EditorState): boolean => {
  if (state.field(chosen)) return true;
  const options = currentCompletions(state) as readonly Shown[];
  const written = state.sliceDoc(options[0]?.from ?? 0, state.selection.main.head);
  return written.trim() !== '' && !options.some((option) => option.whole(written));
};

const choose =
  (command: Command): Command =>
  (view) => {
    const done = command(view);
    if (done) view.dispatch({ effects: choosing.of(true) });
    return done;
  };

const enter: Command = (view) => {
  if (completionStatus(view.state) !== 'active') return false;
  if (enterTakes(view.state)) return acceptCompletion(view);
  closeCompletion(view);
  return false;
};

const leave: Command = (view) => {
  view.dispatch({ effects: choosing.of(false) });
  return closeCompletion(view);
};

export const completing = (language: Completes): Extension => [
  chosen,
  autocompletion({ override: [source(language)], icons: false, maxRenderedOptions: 60, defaultKeymap: false, activateOnTypingDelay: 40 }),
  Prec.highest(
    keymap.of([
      { key: 'Enter', run: enter },
      { key: 'Tab', run: acceptCompletion },
      { key: 'Escape', run: leave },
      { key: 'Ctrl-Space', run: choose(startCompletion) },
      { mac: 'Alt-`', run: choose(startCompletion) },
      { key: 'ArrowDown', run: choose(moveCompletionSelection(true)) },
      { key: 'ArrowUp', run: choose(moveCompletionSelection(false)) },
      { key: 'PageDown', run: choose(moveCompletionSelection(true, 'page')) },
      { key: 'PageUp', run: choose(moveCompletionSelection(false, 'page')) },
    ]),
  ),
];
