// The query of the page that a component belongs to: its part of the address, and changes of it alone. Where nothing says which: the first.
import { getContext, setContext } from 'svelte';
import type { Panel } from '../address/address.ts';
import type { Range } from '../address/range.ts';
import { router } from '../address/router.svelte.ts';
import { changed } from './panels.ts';

type Change = Partial<Panel> & { readonly range?: Range };

export class Here {
  readonly #at: () => number;
  readonly #active: () => boolean;

  constructor(at: () => number = () => 0, active: () => boolean = () => true) {
    this.#at = at;
    this.#active = active;
  }

  /** From 0 on. */
  get at(): number {
    return this.#at();
  }

  /** Whether keys that name no query are for this one. */
  get active(): boolean {
    return this.#active();
  }

  get current(): Panel {
    const { current } = router;
    return current.more[this.at - 1] ?? current;
  }

  /** What stands in its editor. */
  get draft(): string {
    return router.drafts[this.at] ?? this.current.text;
  }
  set draft(text: string) {
    router.draft(this.at, text === this.current.text ? null : text);
  }

  /** A step the browser's back takes back. */
  go(change: Change): void {
    router.go(this.#whole(change));
  }

  /** A change not worth a step. */
  replace(change: Change): void {
    router.replace(this.#whole(change));
  }

  #whole({ range, ...change }: Change): Parameters<typeof router.go>[0] {
    return { ...changed(router.current, this.at, change), ...(range === undefined ? {} : { range }) };
  }
}

const KEY = Symbol('query of the page');
export const putHere = (here: Here): Here => setContext(KEY, here);
export const whereHere = (): Here => getContext<Here | undefined>(KEY) ?? new Here();
