// `inframirror config check|print|example`: whether a file of settings is right, what would be in force and where each value comes
// from, and a commented page to begin with. Starts nothing and changes nothing.
import { CodedError, ERRORS } from '../../core/errors.ts';
import { plain } from '../../core/plain.ts';
import { Configuration, written } from '../config/configuration.ts';
import { settingsPage } from '../config/page.ts';
import { ConfigError } from '../config/problem.ts';
import { SETTINGS, type SettingName, type Settings, variableOf } from '../config/settings.ts';
import { command, type Options, suggestion } from './arguments.ts';

const OPTIONS: Options = {
  config: { type: 'string', value: 'FILE', summary: 'file of settings, YAML (INFRAMIRROR_CONFIG)' },
};

const ACTIONS = ['check', 'print', 'example'] as const;

const defaults = Object.fromEntries(Object.entries(SETTINGS).map(([name, { fallback }]) => [name, fallback])) as unknown as Settings;

const example = (): string =>
  `# Settings of \`inframirror start --config FILE\`, all with their defaults. What is left out keeps its default; a variable of the
# environment (INFRAMIRROR_RETENTION_LOGS for retention.logs) overrides the file, an option of the command line both.
# Durations: 30s, 15m, 12h, 15d, 52w. Sizes: 512MiB, 2GiB. What is marked (live) takes effect on SIGHUP, the rest at the next start.

${settingsPage((name) => ({
  above: [`${SETTINGS[name].summary}${SETTINGS[name].live ? ' (live)' : ''}`],
  value: written(name, defaults),
  behind: variableOf(name) === `INFRAMIRROR_${name.replaceAll('.', '_').toUpperCase()}` ? '' : variableOf(name),
  isComment: true,
}))}`;

/** The file that `--config` or the environment names. */
export const configFile = (option: string | undefined): string | undefined => option ?? (process.env.INFRAMIRROR_CONFIG || undefined);

export const config = (args: readonly string[]): Promise<number> =>
  command(args, 'config check|print|example [--config FILE]', 'Looks at the settings of the server: changes nothing.', OPTIONS, 1, async (read) => {
    const [action] = read.positionals;
    if (!(ACTIONS as readonly (string | undefined)[]).includes(action)) {
      const problem =
        action === undefined ? 'say what to do: check, print or example' : `config has no ${JSON.stringify(action)}${suggestion(action, ACTIONS)}`;
      throw new CodedError('command.usage', { problem });
    }
    if (action === 'example') {
      process.stdout.write(example());
      return 0;
    }
    const file = configFile(read.values.get('config'));
    if (action === 'check' && file === undefined) throw new CodedError('command.usage', { problem: 'name the file: --config FILE' });
    try {
      const { settings, places, warnings } = new Configuration({ options: new Map(), environment: process.env, file });
      for (const { place, problem } of warnings) process.stderr.write(`${plain(place)}: warning: ${plain(problem)}\n`);
      if (action === 'check') process.stdout.write(`${plain(file)} is right\n`);
      else
        process.stdout.write(
          settingsPage((name: SettingName) => ({ above: [], value: plain(written(name, settings)), behind: plain(places.get(name)), isComment: false })),
        );
      return 0;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      // One line each, as a compiler tells them.
      for (const { place, problem } of error.problems) process.stderr.write(`${plain(place)}: ${plain(problem)}\n`);
      process.stderr.write(`  ${ERRORS['config.wrong'].mend}\n`);
      return 3;
    }
  });
