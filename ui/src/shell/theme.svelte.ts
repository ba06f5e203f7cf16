// Dark or light: the system's choice unless the person chose, kept in this browser.

import { keep, readKept } from './browser-store.ts';

export type Theme = 'dark' | 'light';

const KEY = 'inframirror.theme';
const system = matchMedia('(prefers-color-scheme: light)');

class ThemeChoice {
  chosen = $state<Theme | undefined>();
  #system = $state<Theme>(system.matches ? 'light' : 'dark');

  constructor() {
    const kept = readKept(KEY);
    if (kept === 'dark' || kept === 'light') this.chosen = kept;
    system.addEventListener('change', () => {
      this.#system = system.matches ? 'light' : 'dark';
    });
  }

  get current(): Theme {
    return this.chosen ?? this.#system;
  }

  /** The other one; back to following the system where that is the same. */
  toggle(): void {
    const next = this.current === 'dark' ? 'light' : 'dark';
    this.chosen = next === this.#system ? undefined : next;
    keep(KEY, this.chosen);
  }
}
export const theme = new ThemeChoice();
