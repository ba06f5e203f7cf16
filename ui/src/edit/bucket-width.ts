// How wide the buckets are that a text asks for.
import { outline } from '../../../query/language.ts';
import { spanMillis } from '../address/range.ts';

/** ms, where the text says it. */
export const bucketOfText = (text: string): number | undefined => {
  const every = outline(text)?.pipes.findLast(({ name }) => name === 'every');
  return every === undefined ? undefined : spanMillis(/^\|\s*every\s+(\w+)/i.exec(text.slice(every.span.start, every.span.end))?.[1] ?? '');
};
