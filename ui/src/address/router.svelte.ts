// The address as reactive state: what is written here is in the address bar, what the browser's back brings comes here.
import { type Address, parseAddress, printAddress } from './address.ts';

class Router {
  current = $state.raw<Address>(parseAddress(location.hash));

  constructor() {
    const read = (): void => {
      this.current = parseAddress(location.hash);
    };
    addEventListener('popstate', read);
    addEventListener('hashchange', read);
  }

  /** A step the browser's back takes back. */
  go(change: Partial<Address>): void {
    this.#write(change, 'pushState');
  }

  /** A change not worth a step. */
  replace(change: Partial<Address>): void {
    this.#write(change, 'replaceState');
  }

  #write(change: Partial<Address>, how: 'pushState' | 'replaceState'): void {
    // A text that is opened on a page is another one than the saved one before; a change of the text alone is a change of that.
    const other = change.text === '' || (change.page !== undefined && change.text !== undefined);
    const next = { ...this.current, ...(other ? { saved: undefined } : {}), ...change };
    const printed = printAddress(next);
    if (printed !== printAddress(this.current)) history[how](null, '', printed);
    this.current = next;
  }
}
export const router = new Router();
