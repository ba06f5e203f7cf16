// Writes the page `docs/guide/find-the-cause.md`: ten alarms as somebody on call hears of them, and, folded, the texts that lead to each cause.
// `test/guide.test.ts` holds the committed page equal to it; `npm run learn` writes it anew.
import { CAUSES, type Cause } from '../planted/causes.ts';

const heading = `# Find the cause

An exercise for somebody new: ten troubles are planted among the noise of several hosts, and you are on call. It takes about half an hour.

\`\`\`
npm run planted
\`\`\`

starts InfraMirror on a temporary folder and prints a link when all is planted; Ctrl-C ends it and removes everything. Log files in five formats,
processes and a dying agent are real and of this machine, five more hosts send what agents would. Nothing of your own data is touched.

What you need: the page [Learn](../learn.md) (in the explorer \`g l\`), the page Hosts (\`g h\`), and the texts of your own. A click on a
value filters by it, a click on a log line opens all that is in it. With the texts below each cause is found with at most three; yours may be
others, and the pages of the explorer show some causes without any text.

## What was noticed

${CAUSES.map(({ symptom }, i) => `${i + 1}. ${symptom}`).join('\n')}

Write down what you think each cause is before you open the answers.
`;

const answer = ({ symptom, questions, answer: was }: Cause, i: number): string =>
  `<details>
<summary>${i + 1}. ${symptom}</summary>

${questions.map(({ text, says }) => `\`\`\`\n${text}\n\`\`\`\n\n${says}\n`).join('\n')}
**It was:** ${was}

</details>
`;

/** The whole page, Markdown. */
export const findTheCausePage = (): string =>
  [
    heading,
    '## The answers\n',
    ...CAUSES.map(answer),
    `Each of these texts is asked of a product with these causes in every run of the tests (\`test/planted/planted.e2e.test.ts\`). This page is written by
\`npm run learn\` from \`test/planted/causes.ts\`.\n`,
  ].join('\n');
