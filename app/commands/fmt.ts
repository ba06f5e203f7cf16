// `inframirror fmt 'IQL'`: prints a text in its one form.
import { placed } from '../../graphql/placed.ts';
import { format, parseErrors } from '../../query/language.ts';
import { command } from './arguments.ts';
import { diagnosticText, wantsColour } from './show-diagnostics.ts';
import { textOf } from './text.ts';
import { writeOut } from './write-out.ts';

export const fmt = (args: readonly string[]): Promise<number> =>
  command(args, "fmt 'IQL'", 'Prints a text of IQL in its one form (- reads it from standard input).', {}, 1, async (read) => {
    const text = await textOf(read);
    const printed = format(text);
    if (printed === undefined) {
      process.stderr.write(diagnosticText(text, placed(parseErrors(text), text), wantsColour(process.stderr)));
      return 3;
    }
    writeOut(`${printed.replace(/\n$/, '')}\n`);
    return 0;
  });
