// Listeners put on an element as an attachment: for elements that hear of what happens inside them, and are no controls themselves.
// They run outside of whatever is being drawn: a browser tells of a lost focus in the middle of taking an element away.
import type { Attachment } from 'svelte/attachments';
import { on } from 'svelte/events';

type Listeners<E extends Element> = { readonly [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K] & { readonly currentTarget: E }) => void };

export const listen =
  <E extends HTMLElement | SVGElement>(listeners: Listeners<E>): Attachment<E> =>
  (element) => {
    const ends = (Object.entries(listeners) as [string, EventListener][]).map(([name, listener]) => on(element, name, listener));
    return () => {
      for (const end of ends) end();
    };
  };
