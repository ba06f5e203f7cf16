// `inframirror error CODE`: what an error means and how it is mended, from the catalogue that docs/errors.md is made of.
import { CodedError, ERRORS, type ErrorCode, errorMessage } from '../../core/errors.ts';
import { command, suggestion } from './arguments.ts';
import { writeOut } from './write-out.ts';

const CODES = Object.keys(ERRORS) as readonly ErrorCode[];

export const error = (args: readonly string[]): Promise<number> =>
  command(args, 'error CODE', 'Says what an error means and how it is mended. Its code stands in brackets behind its message.', {}, 1, async (read) => {
    const [asked = ''] = read.positionals;
    const code = CODES.find((c) => c === asked || c.endsWith(`.${asked}`));
    if (code === undefined)
      throw new CodedError('command.usage', {
        problem: asked === '' ? 'name the code of an error, such as iql.bad-unit' : `there is no error ${JSON.stringify(asked)}${suggestion(asked, CODES)}`,
      });
    const { example, mend } = ERRORS[code];
    writeOut(`${code}\n\n  ${errorMessage(code, example as never)}\n\n${mend}\n\nAll errors: docs/errors.md, and “Errors” in the explorer.\n`);
    return 0;
  });
