// The pages that are written for people who run the product, and the IQL in them. Reads files, asks nothing.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../end-to-end/support/product.ts';

/** The README and all of `docs/`, as paths from the root. */
export const PAGES: readonly string[] = ['README.md', ...globSync('docs/**/*.md', { cwd: ROOT })].sort();
export const GUIDES = PAGES.filter((path) => path === 'README.md' || path === 'docs/README.md' || path.startsWith('docs/guide/'));

export const textOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** Contents of the fenced blocks. */
export const blocksOf = (page: string): readonly string[] => [...textOf(page).matchAll(/^```\w*\n(.*?)^```$/gms)].map(([, text]) => text as string);

export interface GuideText {
  readonly page: string;
  readonly text: string;
  /** Names of the columns of the answer that stands below it; undefined where none does. */
  readonly columns: readonly string[] | undefined;
}

/** Each IQL of the guides; its answer, where one stands there, follows after an empty line. */
export const GUIDE_TEXTS: readonly GuideText[] = GUIDES.flatMap((page) =>
  blocksOf(page)
    .filter((block) => /^(from|let|data)\b/.test(block))
    .map((block) => {
      const [text = '', answer] = block.split('\n\n');
      return { page, text: text.trimEnd(), columns: answer?.split('\n', 1)[0]?.trim().split(/ {2,}/) };
    }),
);
