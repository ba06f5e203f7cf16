// Texts as they are checked against what is known now, each for those who may see the same rows; an unknown name is looked up once more in the
// stores before it is told.
import type { CheckedText } from './2-semantic/check.ts';
import type { Plan } from './3-plan/lower.ts';
import type { RowRights } from './3-plan/rights.ts';
import type { LearnedCatalogue } from './ask/learned-catalogue.ts';
import { type Catalogue, check, mayReadSaved, viewsOf, withViews } from './language.ts';
import { VisibleCatalogue } from './visible-catalogue.ts';

const MOST_CACHED = 500;
/** Sets of rights of which is kept what they show. */
const MOST_RIGHTS = 100;
const RELEARN_MS = 1000;
const RELEARN_PATIENCE_MS = 2000;
/** Before all series were read: those of one metric may have to wait for them. */
const FIRST_PATIENCE_MS = 15_000;

/** Codes whose mend may be to look into the store once more. */
const MAYBE_NEW: ReadonlySet<string> = new Set(['iql.unknown-source', 'iql.unknown-field']);

export interface CheckedTextsOptions {
  readonly catalogue: LearnedCatalogue;
  /** Saved texts by name, which others read as `views.<name>`; the same map as long as none has changed. */
  readonly saved?: () => Promise<ReadonlyMap<string, string>>;
  readonly now?: () => number;
}

export class CheckedTexts {
  readonly #options: CheckedTextsOptions;
  /** Of those who see all rows. */
  readonly #checked = new Map<string, { readonly version: number; readonly text: CheckedText<Plan> }>();
  readonly #visible = new Map<string, VisibleCatalogue>();
  #learned = 0;
  #saved: ReadonlyMap<string, string> | undefined;
  #views: Catalogue['views'];

  constructor(options: CheckedTextsOptions) {
    this.#options = options;
  }

  async check(text: string, rights: RowRights): Promise<CheckedText<Plan>> {
    await this.readSaved(text);
    const visible = await this.visible(rights);
    const first = this.#check(text, visible);
    const now = (this.#options.now ?? Date.now)();
    const { catalogue } = this.#options;
    if (!first.diagnostics.some((d) => MAYBE_NEW.has(d.code)) || (catalogue.isReady && now - this.#learned < RELEARN_MS)) return first;
    this.#learned = now;
    // A store that is away or hangs must not keep a text from being checked.
    await Promise.race([
      Promise.all([catalogue.lookAgain(), visible.lookAgain()]).catch(() => undefined),
      new Promise((resolve) => setTimeout(resolve, catalogue.isReady ? RELEARN_PATIENCE_MS : FIRST_PATIENCE_MS)),
    ]);
    return this.#check(text, visible);
  }

  /** What was saved since is read for a text that may read it; rejects where the store does not answer and nothing was read before. */
  async readSaved(text: string): Promise<void> {
    const { saved } = this.#options;
    if (saved === undefined || !mayReadSaved(text)) return;
    const texts = await saved();
    if (texts === this.#saved) return;
    this.#saved = texts;
    this.#views = viewsOf(texts);
    this.#checked.clear();
  }

  /** What those with these rights may know of. */
  async visible(rights: RowRights): Promise<VisibleCatalogue> {
    const known = this.#visible.get(rights.key) ?? new VisibleCatalogue(this.#options.catalogue, rights, this.#options.now);
    // The one that was used last goes last.
    this.#visible.delete(rights.key);
    this.#visible.set(rights.key, known);
    if (this.#visible.size > MOST_RIGHTS) this.#visible.delete(this.#visible.keys().next().value as string);
    await known.ready();
    return known;
  }

  withViews(visible: Catalogue): Catalogue {
    return this.#views === undefined ? visible : withViews(visible, this.#views);
  }

  #check(text: string, visible: VisibleCatalogue): CheckedText<Plan> {
    const { catalogue } = this.#options;
    const { version } = catalogue;
    const isKept = visible.rights.isAll;
    const known = isKept ? this.#checked.get(text) : undefined;
    if (known?.version === version) return known.text;
    const checked = check(text, this.withViews(visible));
    // What is not known yet may be in a moment; what some see changes with each series.
    if (!isKept || (!catalogue.isReady && checked.diagnostics.some((d) => MAYBE_NEW.has(d.code)))) return checked;
    if (this.#checked.size >= MOST_CACHED) this.#checked.delete(this.#checked.keys().next().value as string);
    this.#checked.set(text, { version, text: checked });
    return checked;
  }
}
