// What the README and the pages of `docs/` say, held to the product as far as text can be: each IQL in them is right, each command and option
// exists, each link leads somewhere, and the index names every page.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { COLLECTORS } from '../agent/collectors/list.ts';
import type { Instrument, Instruments } from '../agent/collectors/samples.ts';
import { HostFiles } from '../agent/host-files.ts';
import { type Catalogue, check, staticCatalogue } from '../query/language.ts';
import { DATASETS } from '../schemas/catalogue.ts';
import type { MetricInfo, MetricKind } from '../schemas/types.ts';
import { command, ROOT } from './end-to-end/support/product.ts';
import { findTheCausePage } from './support/find-the-cause-page.ts';
import { blocksOf, GUIDE_TEXTS, GUIDES, PAGES, textOf } from './support/guide-texts.ts';

/** Put on by the inventory. */
const ENRICHMENT = ['region', 'datacenter', 'env', 'role', 'owner'];

test('docs/guide/find-the-cause.md is made from the planted causes', async () => {
  await expect(findTheCausePage()).toMatchFileSnapshot('../docs/guide/find-the-cause.md');
});

describe('IQL', () => {
  const known = new Map<string, MetricInfo>();
  beforeAll(() => {
    const nothing: Instrument = { set: () => undefined };
    const note =
      (kind: MetricKind) =>
      (name: string, unit: string, description: string, ...labels: readonly string[]): Instrument => {
        known.set(name, { name, kind, temporality: 'cumulative', unit, description, intervalMs: 10_000, labels: ['host', ...ENRICHMENT, ...labels] });
        return nothing;
      };
    const instruments: Instruments = { counter: note('counter'), gauge: note('gauge') };
    const own = (): never => {
      throw new Error('nothing is collected here');
    };
    for (const make of COLLECTORS) make(instruments, { files: new HostFiles('/'), space: () => undefined, own });
  });

  test.each(GUIDE_TEXTS)('$page: $text', ({ text }) => {
    const catalogue: Catalogue = {
      ...staticCatalogue(DATASETS),
      metric: (name) => known.get(name),
      metricNames: () => [...known.keys()],
      // Which attributes lines have, only lines say.
      attribute: (dataset) => (dataset === 'logs' ? 'both' : undefined),
    };
    expect(check(text, catalogue).diagnostics.filter(({ severity }) => severity !== 'info')).toEqual([]);
  });
});

describe('commands', () => {
  const scripts = (JSON.parse(textOf('package.json')) as { readonly scripts: object }).scripts;
  const help = new Map<string, Promise<string>>();
  const helpOf = (name: string): Promise<string> => {
    const found =
      help.get(name) ?? command([name, '--help']).then(({ code, stdout }) => (code === 0 ? stdout : Promise.reject(new Error(`there is no command ${name}`))));
    help.set(name, found);
    return found;
  };
  /** In blocks and in the running text; a line goes on after a backslash. */
  const codesOf = (page: string): readonly string[] => [
    ...blocksOf(page).flatMap((block) => block.replaceAll(/\\\n\s*/g, ' ').split('\n')),
    ...[
      ...textOf(page)
        .replaceAll(/^```.*?^```$/gms, '')
        .matchAll(/`([^`\n]+)`/g),
    ].map(([, code]) => code as string),
  ];
  /** What stands behind the program, up to where a shell would end it. */
  const argumentsIn = (code: string, program: RegExp): readonly string[] =>
    [...code.matchAll(new RegExp(`${program.source}((?: +(?:'[^']*'|[^\\s'|;&#)]+))+)`, 'g'))].map(([, rest]) => (rest as string).trim());
  /** But those that every command has. */
  const optionsIn = (text: string): readonly string[] => text.match(/(?<=^| )--(?!(?:help|version)\b)[a-z][a-z-]*/g) ?? [];

  test.each(GUIDES)('%s names commands and options that exist', async (page) => {
    for (const code of codesOf(page)) {
      for (const rest of argumentsIn(code, /inframirror(?:\.js)?/)) {
        const [name = ''] = rest.split(' ');
        if (!/^[a-z]+$/.test(name)) continue;
        const text = await helpOf(name);
        for (const option of optionsIn(rest.replaceAll(/'[^']*'/g, ''))) expect(text, `${page}: ${code}`).toContain(` ${option} `);
      }
      for (const rest of argumentsIn(code, /npm start --/))
        for (const option of optionsIn(rest)) expect(await helpOf('start'), `${page}: ${code}`).toContain(` ${option} `);
      for (const [, name] of code.matchAll(/npm run ([a-z-]+)/g)) expect(scripts, `${page}: ${code}`).toHaveProperty(name as string);
    }
  });
});

describe('links', () => {
  const anchorsOf = (path: string): ReadonlySet<string> =>
    new Set(
      [...textOf(path).matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
        (title as string)
          .toLowerCase()
          .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
          .replaceAll(' ', '-'),
      ),
    );
  test.each(PAGES)('%s', (page) => {
    const links = [
      ...textOf(page)
        .replaceAll(/^```.*?^```$/gms, '')
        .matchAll(/\]\(([^)\s]+)\)/g),
    ].map(([, link]) => link as string);
    for (const link of links.filter((one) => !/^[a-z]+:/.test(one))) {
      const [file = '', anchor] = link.split('#');
      const path = file === '' ? page : join(dirname(page), file);
      expect(existsSync(join(ROOT, path)), `${page}: ${link}`).toBe(true);
      if (anchor !== undefined) expect(anchorsOf(path), `${page}: ${link}`).toContain(anchor);
    }
  });
  test('the index leads to every page', () => {
    const index = textOf('docs/README.md');
    for (const page of PAGES) if (page.startsWith('docs/') && page !== 'docs/README.md') expect(index).toContain(`(${page.slice('docs/'.length)})`);
  });
});
