// Listeners put on an element as an attachment: for elements that hear of what happens inside them, and are no controls themselves.
import type { Attachment } from 'svelte/attachments';

type Listeners<E extends Element> = { readonly [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K] & { readonly currentTarget: E }) => void };

export const listen =
  <E extends HTMLElement | SVGElement>(listeners: Listeners<E>): Attachment<E> =>
  (element) => {
    const all = Object.entries(listeners) as [string, EventListener][];
    for (const [name, listener] of all) element.addEventListener(name, listener);
    return () => {
      for (const [name, listener] of all) element.removeEventListener(name, listener);
    };
  };
