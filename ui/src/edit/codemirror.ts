// The editor itself: CodeMirror with IQL's colours, live diagnostics, completion and keys. Loaded when first needed.
// It lives in a shadow root: there its styles are constructed sheets, which the Content-Security-Policy needs no exception for.
import { closeBrackets, closeBracketsKeymap, closeCompletion } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, isolateHistory } from '@codemirror/commands';
import { bracketMatching } from '@codemirror/language';
import { lintKeymap } from '@codemirror/lint';
import { Annotation, EditorState, Prec } from '@codemirror/state';
import { drawSelection, EditorView, keymap, placeholder } from '@codemirror/view';
import type { Diagnostic } from '../data/types.ts';
import { iqlColours } from './colouring.ts';
import { completing } from './completing.ts';
import { languageService } from './language-service.ts';
import { applyNearestFix, explainNearest, liveDiagnostics } from './live-diagnostics.ts';

export interface EditorOptions {
  readonly host: HTMLElement;
  readonly text: string;
  readonly changed: (text: string) => void;
  readonly run: () => void;
  readonly checked: (diagnostics: readonly Diagnostic[], text: string) => void;
}
export interface Editor {
  readonly setText: (text: string) => void;
  readonly focus: () => void;
  readonly format: () => void;
  readonly fix: () => boolean;
  readonly destroy: () => void;
}

/** Set from outside (the address, a filter), not typed: nobody is told of the change. */
const fromOutside = Annotation.define<boolean>();

const look = EditorView.theme({
  '&': { fontSize: 'var(--size)', color: 'var(--text)', background: 'transparent', maxHeight: '40vh' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '20px', fontVariantLigatures: 'none', overflow: 'auto' },
  '.cm-content': { minHeight: '60px', padding: '8px 0', caretColor: 'var(--accent)' },
  '.cm-line': { padding: '0 12px' },
  '.cm-cursor': { borderLeftColor: 'var(--accent)', borderLeftWidth: '2px' },
  '.cm-selectionBackground': { background: 'var(--selected) !important' },
  '.cm-matchingBracket': { background: 'var(--selected)', outline: 'none' },
  '.cm-placeholder': { color: 'var(--muted)' },
  '.cm-tooltip': { border: '1px solid var(--line-strong)', borderRadius: '4px', background: 'var(--raised)', color: 'var(--text)' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mono)', fontSize: 'var(--small)', maxHeight: '224px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '3px 8px', lineHeight: '18px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': { background: 'var(--selected)', color: 'var(--text)' },
  '.cm-completionDetail': { color: 'var(--muted)', fontStyle: 'normal', marginLeft: '12px' },
  '.cm-completionMatchedText': { textDecoration: 'none', color: 'var(--accent)' },
  '.cm-tooltip.cm-completionInfo': { padding: '6px 10px', maxWidth: '320px', fontFamily: 'var(--sans)' },
  '.cm-diagnostic': { borderLeft: '3px solid var(--line-strong)', fontFamily: 'var(--sans)' },
  '.cm-diagnosticAction': { background: 'var(--accent-ground)', color: 'var(--accent-text)' },
  '.cm-diagnosticSource': { color: 'var(--muted)', opacity: '1' },
});

/** A key that is always ours. */
const said = (action: () => unknown): (() => true) => {
  return () => {
    void action();
    return true;
  };
};

export const createEditor = (options: EditorOptions): Editor => {
  const { host } = options;
  const language = languageService();
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
  const format = (): void => {
    const text = view.state.doc.toString();
    const laidOut = language.format(text);
    if (laidOut === undefined || laidOut === text) return;
    const anchor = Math.min(view.state.selection.main.anchor, laidOut.length);
    view.dispatch({ changes: { from: 0, to: text.length, insert: laidOut }, selection: { anchor }, userEvent: 'input.format' });
  };
  const view: EditorView = new EditorView({
    root,
    parent: root as unknown as Element,
    state: EditorState.create({
      doc: options.text,
      extensions: [
        completing(language),
        Prec.highest(
          keymap.of([
            {
              key: 'Mod-Enter',
              run: said(() => {
                closeCompletion(view);
                options.run();
              }),
            },
            { key: 'Mod-.', run: applyNearestFix },
            { key: 'F1', run: explainNearest },
            { key: 'Shift-Alt-f', run: said(format) },
            {
              key: 'Escape',
              run: ({ contentDOM, state }) => {
                if (!state.selection.main.empty) return false;
                contentDOM.blur();
                return true;
              },
            },
          ]),
        ),
        keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...lintKeymap]),
        history(),
        drawSelection(),
        closeBrackets(),
        bracketMatching(),
        iqlColours,
        EditorState.languageData.of(() => [{ commentTokens: { line: '//' }, closeBrackets: { brackets: ['(', '[', '{', '"'] } }]),
        liveDiagnostics(language, options.checked),
        placeholder('from logs | where severity >= "warn"'),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({
          tabindex: '0',
          'aria-label': 'IQL text',
          spellcheck: 'false',
          autocapitalize: 'off',
        }),
        look,
        EditorView.updateListener.of((update) => {
          if (update.docChanged && !update.transactions.some((transaction) => transaction.annotation(fromOutside)))
            options.changed(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    setText: (text) => {
      if (view.state.doc.toString() === text) return;
      view.dispatch({
        changes: { from: 0, to: view.state.doc.length, insert: text },
        selection: { anchor: text.length },
        annotations: [fromOutside.of(true), isolateHistory.of('full')],
      });
    },
    focus: () => view.focus(),
    format,
    fix: () => applyNearestFix(view),
    destroy: () => view.destroy(),
  };
};
