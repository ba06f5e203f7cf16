// `inframirror fmt 'IQL'`: prints a text in its one form.
import { placesIn } from '../../graphql/positions.ts';
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
      const place = placesIn(text);
      const diagnostics = parseErrors(text).map((d) => ({ ...d, span: place(d.span), fix: d.fix ?? null }));
      process.stderr.write(diagnosticText(text, diagnostics, wantsColour(process.stderr)));
      return 3;
    }
    writeOut(`${printed.replace(/\n$/, '')}\n`);
    return 0;
  });
