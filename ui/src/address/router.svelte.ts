// The address as reactive state: what is written here is in the address bar, what the browser's back brings comes here.
// Beside it, what was edited and not run: it stays with the step of the history, through reloads and walks back and forth.
import { type Address, parseAddress, printAddress } from './address.ts';
import { carried, type Drafts, readDrafts, withDraft } from './drafts.ts';

/** Browsers refuse a state that is written at every key. */
const DRAFT_EVERY_MS = 300;
/** Over one load of the page. */
const STASH = 'inframirror.drafts';

const textsOf = ({ text, more }: Address): readonly string[] => [text, ...more.map((panel) => panel.text)];

class Router {
  current = $state.raw<Address>(parseAddress(location.hash));
  /** Texts edited and not run, by query of the page. */
  drafts = $state.raw<Drafts>(unstashed() ?? readDrafts(history.state) ?? []);
  #late: ReturnType<typeof setTimeout> | undefined;
  #writtenAt = 0;

  constructor() {
    const read = (): void => {
      clearTimeout(this.#late);
      this.#late = undefined;
      const before = this.current;
      this.current = parseAddress(location.hash);
      const kept = readDrafts(history.state);
      // A link to another page with the same text, and back by another link: nothing that was typed is gone.
      this.drafts = kept ?? carried(this.drafts, textsOf(before), textsOf(this.current));
      if (kept === undefined && this.drafts.some((draft) => draft !== null)) this.#keep();
    };
    addEventListener('popstate', read);
    addEventListener('hashchange', read);
    // A link is followed after the field was left.
    addEventListener('focusout', () => this.#flush());
    // Too late for the history, in some browsers.
    addEventListener('pagehide', () => {
      if (this.#late !== undefined) this.stash();
    });
  }

  /** A step the browser's back takes back. `drafts`: of its queries, where they are others than those with the same texts before. */
  go(change: Partial<Address>, drafts?: Drafts): void {
    this.#flush();
    this.#write(change, 'pushState', drafts);
  }

  /** A change not worth a step. */
  replace(change: Partial<Address>): void {
    this.#write(change, 'replaceState');
  }

  /** What stands in the editor of a query and was not run; null: it is the text of the address. */
  draft(at: number, text: string | null): void {
    if ((this.drafts[at] ?? null) === text) return;
    this.drafts = withDraft(this.drafts, at, text);
    clearTimeout(this.#late);
    const wait = this.#writtenAt + DRAFT_EVERY_MS - Date.now();
    if (wait <= 0) this.#keep();
    else this.#late = setTimeout(() => this.#keep(), wait);
  }

  /** Before a load of the page that is no step of the history. */
  stash(): void {
    try {
      sessionStorage.setItem(STASH, JSON.stringify({ drafts: this.drafts, hash: location.hash }));
    } catch {
      // A browser that keeps nothing.
    }
  }

  #flush(): void {
    if (this.#late !== undefined) this.#keep();
  }

  #keep(): void {
    clearTimeout(this.#late);
    this.#late = undefined;
    this.#writtenAt = Date.now();
    try {
      history.replaceState({ drafts: this.drafts }, '');
    } catch {
      // Too long for this browser's history: it lives as long as the page.
    }
  }

  #write(change: Partial<Address>, how: 'pushState' | 'replaceState', drafts?: Drafts): void {
    const before = this.current;
    // A text that is opened on a page is another one than the saved one before, and the only one of its page; a change of the text alone
    // is a change of that.
    const opened = change.page !== undefined && change.text !== undefined;
    const next = { ...before, ...(opened ? { saved: undefined, more: [] } : change.text === '' ? { saved: undefined } : {}), ...change };
    const printed = printAddress(next);
    this.drafts = drafts ?? (opened ? [] : carried(this.drafts, textsOf(before), textsOf(next)));
    if (printed !== printAddress(before)) {
      const state = { drafts: this.drafts };
      try {
        history[how](state, '', printed);
      } catch {
        history[how](null, '', printed);
      }
    } else if (drafts !== undefined || opened) this.#keep();
    this.current = next;
  }
}

const unstashed = (): Drafts | undefined => {
  try {
    const stashed: unknown = JSON.parse(sessionStorage.getItem(STASH) ?? 'null');
    sessionStorage.removeItem(STASH);
    return (stashed as { hash?: unknown } | null)?.hash === location.hash ? readDrafts(stashed) : undefined;
  } catch {
    return undefined;
  }
};

export const router = new Router();
