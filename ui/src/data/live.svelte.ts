// A question that is asked again with each beat and whenever its text or the range is another; ended when whoever asked is gone.
import { untrack } from 'svelte';
import { router } from '../address/router.svelte.ts';
import { refresh } from '../shell/refresh.svelte.ts';
import { QueryRun } from './run.svelte.ts';

/** To be called while a component is made. `text`: undefined while there is nothing to ask; `lines`: what is shown is a chart. */
export const live = (text: () => string | undefined, lines = false): QueryRun => {
  const run = new QueryRun();
  $effect(() => {
    void refresh.beat;
    const asked = text();
    const { range } = router.current;
    if (asked !== undefined) untrack(() => run.again(asked, range, { lines }));
  });
  $effect(() => () => run.stop());
  return run;
};
