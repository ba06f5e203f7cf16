// Writes the page `docs/errors.md` out of the catalogue of errors.
// `core/errors.test.ts` holds the committed page equal to it; `npm run errors` writes it anew.
import { ERRORS, type ErrorCode, errorMessage } from '../../core/errors.ts';

/** What the codes of one prefix are about, in the order of the page; a prefix that is missing here comes last, by its name. */
const AREAS: Readonly<Record<string, string>> = {
  iql: 'IQL: what a text can be told. They come as diagnostics with a place in the text, several at once, often with a fix.',
  start: 'Starting and stopping.',
  command: 'The command line.',
  access: 'Tokens and sessions.',
  agent: 'The agent.',
  ipc: 'Arrow IPC, the form of data at the edges.',
  frame: 'Frames, the requests in which samples arrive.',
  stream: 'The stream: the log in which everything accepted rests until it is stored.',
  columns: 'The column store: samples, processes, log lines.',
  search: 'The search store: log lines by their words.',
  records: 'The record store: inventory, events, the platform’s own history.',
};

const heading = `# Errors

Every error and diagnostic has a code that never changes its meaning. Sentences below are made with example values.
This page is written by \`npm run errors\` from \`core/errors.ts\`.
`;

const areaOf = (code: string): string => code.slice(0, code.indexOf('.'));

/** The whole page, Markdown, sections by area and entries by code. */
export const errorsPage = (): string => {
  const codes = (Object.keys(ERRORS) as ErrorCode[]).sort();
  const known = Object.keys(AREAS);
  const areas = [...new Set(codes.map(areaOf))].sort((a, b) => (known.indexOf(a) + 1 || 99) - (known.indexOf(b) + 1 || 99) || (a < b ? -1 : 1));
  const section = (area: string): string => {
    const entries = codes
      .filter((code) => areaOf(code) === area)
      .map((code) => `### \`${code}\`\n\n> ${errorMessage(code, ERRORS[code].example)}\n\n${ERRORS[code].mend}\n`);
    return [`## ${area}\n`, ...(AREAS[area] === undefined ? [] : [`${AREAS[area]}\n`]), ...entries].join('\n');
  };
  return [heading, ...areas.map(section)].join('\n');
};
