// Zooming into a range and back, for pages whose texts have no range of their own.
import type { Range } from '../address/range.ts';
import { router } from '../address/router.svelte.ts';

export interface Zoom {
  readonly to: (from: number, to: number) => void;
  readonly back: () => void;
}

export const zoomed = (): Zoom => {
  const before: Range[] = [];
  return {
    to: (from, to) => {
      before.push(router.current.range);
      router.go({ range: { kind: 'absolute', from, to } });
    },
    back: () => {
      const range = before.pop();
      if (range !== undefined) router.go({ range });
    },
  };
};
