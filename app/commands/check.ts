// `inframirror check 'IQL'`: says what is wrong with a text. Metrics and attributes are the server's to know, so it is asked;
// `--offline` checks everything else here.
import { placed } from '../../graphql/placed.ts';
import { check as checkText, staticCatalogue } from '../../query/language.ts';
import { DATASETS } from '../../schemas/catalogue.ts';
import { type Arguments, command, type Options } from './arguments.ts';
import { askServer, SERVER_OPTIONS, serverOf } from './ask-server.ts';
import { diagnosticText, SHOWN_DIAGNOSTIC, type ShownDiagnostic, wantsColour } from './show-diagnostics.ts';
import { textOf } from './text.ts';

const OPTIONS: Options = {
  offline: { type: 'boolean', summary: 'without asking a server: metrics are not known' },
  ...SERVER_OPTIONS,
};

const CHECK = `query ($text: String!) { check(text: $text) { ${SHOWN_DIAGNOSTIC} } }`;

const here = (text: string): readonly ShownDiagnostic[] => placed(checkText(text, staticCatalogue(DATASETS)).diagnostics, text);

const asked = async (text: string, read: Arguments): Promise<readonly ShownDiagnostic[]> =>
  read.flags.has('offline') ? here(text) : (await askServer<{ readonly check: readonly ShownDiagnostic[] }>(serverOf(read), CHECK, { text })).check;

export const check = (args: readonly string[]): Promise<number> =>
  command(args, "check 'IQL' [OPTIONS]", 'Says what is wrong with a text of IQL (- reads it from standard input).', OPTIONS, 1, async (read) => {
    const text = await textOf(read);
    const diagnostics = await asked(text, read);
    if (diagnostics.length > 0) process.stdout.write(diagnosticText(text, diagnostics, wantsColour(process.stdout)));
    return diagnostics.some((d) => d.severity === 'error') ? 3 : 0;
  });
