// Writes the page `docs/learn.md`: ten queries, recipes, and each dataset's columns.
// `test/learn.test.ts` holds the committed page equal to it; `npm run learn` writes it anew.
import { DATASETS } from '../../schemas/catalogue.ts';
import { LESSONS, type Lesson, RECIPES } from '../../ui/src/learn/lessons.ts';

const heading = `# Learn IQL in ten queries

Type them into the explorer (the page Learn runs each with a click) or ask from a shell: \`node bin/inframirror.js query '…'\`.
What each word means exactly stands in [iql.md](iql.md), what each error means in [errors.md](errors.md). To practise: [find the cause](guide/find-the-cause.md) of ten planted troubles.
This page is written by \`npm run learn\`.
`;

const lesson = ({ title, text, says }: Lesson, number?: number): string =>
  `### ${number === undefined ? '' : `${number}. `}${title}\n\n\`\`\`\n${text}\n\`\`\`\n\n${says}\n`;

const cell = (text: string): string => text.replaceAll('|', '\\|');

const datasets = (): string =>
  DATASETS.filter(({ name }) => name !== 'metrics')
    .map(
      ({ name, description, columns }) =>
        `### \`${name}\`\n\n${description}\n\n| column | type | unit | |\n|---|---|---|---|\n${columns
          .map((column) => `| \`${column.name}\` | ${column.type} | ${column.unit ?? ''} | ${cell(column.description)} |`)
          .join('\n')}\n`,
    )
    .join('\n');

/** The whole page, Markdown. */
export const learnPage = (): string =>
  [
    heading,
    ...LESSONS.map((one, i) => lesson(one, i + 1)),
    '## Recipes\n',
    ...RECIPES.map((one) => lesson(one)),
    '## Datasets\n\nThe metrics that arrived are listed by `from metrics | count by name`; each has `time`, `value` and its labels.\n',
    datasets(),
  ].join('\n');
