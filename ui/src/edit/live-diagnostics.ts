// Diagnostics while typing: checked a moment after the last key, underlined, the message beside the line, the fix one key away.
// A fix is only applied to the very text it was made for.
import { type Action, forEachDiagnostic, type Diagnostic as Mark, setDiagnostics } from '@codemirror/lint';
import type { Extension } from '@codemirror/state';
import { type Command, Decoration, type DecorationSet, EditorView, ViewPlugin, type ViewUpdate, WidgetType } from '@codemirror/view';
import { errorHref } from '../address/address.ts';
import type { Diagnostic } from '../data/types.ts';
import { editsOf, offsetsOf } from './positions.ts';
import { shownPlace } from './shown-place.ts';

/** After the last key: what is known here at once, what the server says a little later. */
const HERE_MS = 30;
const SERVER_MS = 200;

const toMark = (text: string, diagnostic: Diagnostic): Mark => {
  const { span, message } = shownPlace(diagnostic);
  const { from, to } = offsetsOf(text, span);
  const { fix } = diagnostic;
  const action: Action[] =
    fix === null
      ? []
      : [
          {
            name: fix.label,
            apply: (view) => {
              if (view.state.doc.toString() !== text) return;
              view.dispatch({ changes: editsOf(text, fix), userEvent: 'input.fix', scrollIntoView: true });
              view.focus();
            },
          },
        ];
  const { severity, code } = diagnostic;
  return { from, to, severity, message, source: code, actions: action, renderMessage: () => sentenceOf(message, code) };
};

/** What is wrong, and the way to the page that says more about it. */
const sentenceOf = (message: string, code: string): HTMLElement => {
  const sentence = Object.assign(document.createElement('span'), { textContent: `${message} ` });
  sentence.append(
    Object.assign(document.createElement('a'), { className: 'cm-code', href: errorHref(code), textContent: code, title: 'What this means (F1)', tabIndex: -1 }),
  );
  return sentence;
};

/** Shows these for the text they were made for; nothing where it has changed since. */
export const showDiagnostics = (view: EditorView, text: string, diagnostics: readonly Diagnostic[]): void => {
  if (view.state.doc.toString() !== text) return;
  const length = view.state.doc.length;
  const marks = diagnostics.map((diagnostic) => toMark(text, diagnostic)).filter(({ from, to }) => from <= length && to <= length);
  view.dispatch(setDiagnostics(view.state, marks));
};

/** One mistake stands beside its line; several stand under it, one a row, so that each can be read and mended. */
class Messages extends WidgetType {
  readonly marks: readonly Mark[];
  constructor(marks: readonly Mark[]) {
    super();
    this.marks = marks;
  }
  override eq(other: Messages): boolean {
    return other.marks.length === this.marks.length && other.marks.every((mark, i) => mark === this.marks[i]);
  }
  override toDOM(view: EditorView): HTMLElement {
    const box = document.createElement('span');
    box.className = this.marks.length === 1 ? 'cm-messages' : 'cm-messages cm-messages-under';
    box.setAttribute('aria-hidden', 'true');
    box.append(...this.marks.map((mark) => messageOf(view, mark)));
    return box;
  }
  override ignoreEvent(): boolean {
    return true;
  }
}

const messageOf = (view: EditorView, mark: Mark): HTMLElement => {
  const message = Object.assign(document.createElement('span'), { className: `cm-message cm-message-${mark.severity}` });
  message.append(sentenceOf(mark.message, mark.source ?? ''));
  for (const action of mark.actions ?? []) {
    const button = Object.assign(document.createElement('button'), {
      type: 'button',
      textContent: action.name,
      title: `${action.name} (Ctrl-.)`,
      tabIndex: -1,
    });
    button.addEventListener('mousedown', (event) => event.preventDefault());
    button.addEventListener('click', () => action.apply(view, mark.from, mark.to));
    message.append(button);
  }
  return message;
};

const RANK = { error: 0, warning: 1, info: 2, hint: 3 } as const;

const messagesOf = (view: EditorView): DecorationSet => {
  const byLine = new Map<number, Mark[]>();
  forEachDiagnostic(view.state, (mark, from) => {
    const end = view.state.doc.lineAt(Math.min(from, view.state.doc.length)).to;
    const marks = byLine.get(end);
    if (marks === undefined) byLine.set(end, [mark]);
    else marks.push(mark);
  });
  return Decoration.set(
    [...byLine].map(([end, marks]) => {
      marks.sort((a, b) => RANK[a.severity] - RANK[b.severity] || a.from - b.from);
      return Decoration.widget({ widget: new Messages(marks), side: 1 }).range(end);
    }),
    true,
  );
};

const messages = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;
    constructor(view: EditorView) {
      this.decorations = messagesOf(view);
    }
    update(update: ViewUpdate): void {
      if (update.docChanged || update.transactions.some(({ effects }) => effects.length > 0)) this.decorations = messagesOf(update.view);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

interface Found {
  readonly mark: Mark;
  readonly from: number;
  readonly to: number;
}

/** What is wrong nearest to the cursor: on its line first, then anywhere in the text. */
const nearest = (view: EditorView, wanted: (mark: Mark) => boolean): Found | undefined => {
  const { head } = view.state.selection.main;
  const line = view.state.doc.lineAt(head).number;
  let best: (Found & { readonly distance: number }) | undefined;
  forEachDiagnostic(view.state, (mark, from, to) => {
    if (!wanted(mark)) return;
    const away = view.state.doc.lineAt(from).number === line ? 0 : 1_000_000;
    const distance = away + Math.abs(from - head);
    if (best === undefined || distance < best.distance) best = { mark, distance, from, to };
  });
  return best;
};

/** Applies the fix nearest to the cursor. */
export const applyNearestFix: Command = (view) => {
  const found = nearest(view, ({ actions = [] }) => actions.length > 0);
  found?.mark.actions?.[0]?.apply(view, found.from, found.to);
  return found !== undefined;
};

/** Opens the page on the error nearest to the cursor. */
export const explainNearest: Command = (view) => {
  const found = nearest(view, () => true);
  if (found !== undefined) location.hash = errorHref(found.mark.source ?? '');
  return found !== undefined;
};

interface Checks {
  readonly checkHere: (text: string) => readonly Diagnostic[] | undefined;
  readonly check: (text: string) => Promise<readonly Diagnostic[] | undefined>;
}

/** Checks after each pause in typing; `checked` hears what was found, for those who do not see underlines. */
export const liveDiagnostics = ({ checkHere, check }: Checks, checked: (diagnostics: readonly Diagnostic[], text: string) => void): Extension => [
  messages,
  ViewPlugin.fromClass(
    class {
      #here: ReturnType<typeof setTimeout> | undefined;
      #server: ReturnType<typeof setTimeout> | undefined;
      readonly #view: EditorView;
      constructor(view: EditorView) {
        this.#view = view;
        this.#later();
      }
      update(update: ViewUpdate): void {
        if (update.docChanged) this.#later();
      }
      destroy(): void {
        clearTimeout(this.#here);
        clearTimeout(this.#server);
      }
      #later(): void {
        this.destroy();
        this.#here = setTimeout(() => {
          const text = this.#view.state.doc.toString();
          this.#show(text, text.trim() === '' ? [] : checkHere(text));
        }, HERE_MS);
        this.#server = setTimeout(async () => {
          const text = this.#view.state.doc.toString();
          if (text.trim() !== '') this.#show(text, await check(text));
        }, SERVER_MS);
      }
      #show(text: string, found: readonly Diagnostic[] | undefined): void {
        if (found === undefined || this.#view.state.doc.toString() !== text) return;
        showDiagnostics(this.#view, text, found);
        checked(found, text);
      }
    },
  ),
  EditorView.baseTheme({
    '.cm-lintRange': { backgroundImage: 'none !important', paddingBottom: '0' },
    '.cm-lintRange-error': { textDecoration: 'underline wavy var(--error) 1px', textUnderlineOffset: '3px' },
    '.cm-lintRange-warning': { textDecoration: 'underline wavy var(--warn) 1px', textUnderlineOffset: '3px' },
    '.cm-lintRange-info': { textDecoration: 'underline dotted var(--info) 1px', textUnderlineOffset: '3px' },
    '.cm-lintPoint::after': { borderBottomColor: 'var(--error) !important' },
    '.cm-messages': { paddingLeft: '24px', fontFamily: 'var(--sans)', fontSize: 'var(--small)', userSelect: 'none', whiteSpace: 'normal' },
    '.cm-messages-under': { display: 'inline-block', boxSizing: 'border-box', width: '100%', paddingLeft: '16px', verticalAlign: 'top' },
    '.cm-messages-under .cm-message': { display: 'block' },
    '.cm-message::before': { marginRight: '6px' },
    '.cm-message-error': { color: 'var(--error)' },
    '.cm-message-error::before': { content: '"✕"' },
    '.cm-message-warning': { color: 'var(--warn)' },
    '.cm-message-warning::before': { content: '"▲"' },
    '.cm-code': { color: 'var(--muted)', fontFamily: 'var(--mono)', fontSize: '11px' },
    '.cm-message-info': { color: 'var(--info)' },
    '.cm-message-info::before': { content: '"•"' },
    '.cm-message button': {
      marginLeft: '8px',
      padding: '0 6px',
      lineHeight: '15px',
      verticalAlign: 'top',
      border: '1px solid var(--control-line)',
      borderRadius: '3px',
      background: 'var(--raised)',
      color: 'var(--text)',
      fontFamily: 'inherit',
      fontSize: '11px',
      cursor: 'pointer',
    },
    '.cm-message button:hover': { background: 'var(--hover)' },
  }),
];
