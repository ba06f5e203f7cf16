// Colours of IQL in the editor, from the language's own lexer: what is coloured as a pipe is read as a pipe.
// Longer texts than the language reads stay without colours.
import type { Extension } from '@codemirror/state';
import { Decoration, type DecorationSet, EditorView, ViewPlugin, type ViewUpdate } from '@codemirror/view';
import { highlight } from '../../../query/language.ts';

type Kind = ReturnType<typeof highlight>[number]['kind'];

const COLOURS: Readonly<Record<Kind, string | undefined>> = {
  keyword: 'var(--syntax-keyword)',
  pipe: 'var(--syntax-pipe)',
  clause: 'var(--syntax-keyword)',
  name: undefined,
  function: 'var(--syntax-function)',
  text: 'var(--syntax-text)',
  number: 'var(--syntax-number)',
  time: 'var(--syntax-number)',
  constant: 'var(--syntax-number)',
  parameter: 'var(--syntax-number)',
  operator: 'var(--muted)',
  bracket: 'var(--muted)',
  punctuation: 'var(--syntax-pipe)',
  search: 'var(--syntax-text)',
  comment: 'var(--syntax-comment)',
};

const marks = new Map(
  (Object.keys(COLOURS) as Kind[]).filter((kind) => COLOURS[kind] !== undefined).map((kind) => [kind, Decoration.mark({ class: `iql-${kind}` })] as const),
);

const coloursOf = (view: EditorView): DecorationSet =>
  Decoration.set(
    highlight(view.state.doc.toString()).flatMap(({ kind, span }) => {
      const mark = marks.get(kind);
      return mark === undefined ? [] : [mark.range(span.start, span.end)];
    }),
  );

export const iqlColours: Extension = [
  ViewPlugin.fromClass(
    class {
      decorations: DecorationSet;
      constructor(view: EditorView) {
        this.decorations = coloursOf(view);
      }
      update(update: ViewUpdate): void {
        if (update.docChanged) this.decorations = coloursOf(update.view);
      }
    },
    { decorations: (plugin) => plugin.decorations },
  ),
  EditorView.baseTheme(Object.fromEntries([...marks.keys()].map((kind) => [`.iql-${kind}`, { color: COLOURS[kind] as string }]))),
];
