// `inframirror restore DIR --data FOLDER`: brings a backup back into an empty folder, where a server then starts. No server
// need run.
import { resolve } from 'node:path';
import { CodedError } from '../../core/errors.ts';
import { createLogger } from '../../core/logger.ts';
import { plain } from '../../core/plain.ts';
import { sizeText } from '../../core/size-text.ts';
import { command, type Options } from './arguments.ts';
import { showProgress } from './backup.ts';
import { writeOut } from './write-out.ts';

const OPTIONS: Options = {
  data: { type: 'string', value: 'FOLDER', summary: 'data folder to be made: empty, or not there yet' },
};

/** As a shell reads it. */
const shown = (path: string): string => plain(/^[\w./@:+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`);

export const restore = (args: readonly string[]): Promise<number> =>
  command(
    args,
    'restore DIR --data FOLDER',
    'Brings a backup back into an empty folder, each file against its checksum. Run it as the user that runs the server.',
    OPTIONS,
    1,
    async (read) => {
      const [dir] = read.positionals;
      const folder = read.values.get('data');
      if (dir === undefined || folder === undefined) throw new CodedError('command.usage', { problem: 'restore needs both: restore DIR --data FOLDER' });
      const begin = (await import('../backup/restore.ts')).restore;
      const begun = performance.now();
      const log = createLogger({ level: 'warn', format: 'text', write: (line) => void process.stderr.write(line) });
      const progress = (step: string, bytes: number, total: number): void => showProgress(`${step}: ${sizeText(bytes)} of ${sizeText(total)}`);
      try {
        const { manifest, config } = await begin({ dir: resolve(dir), folder: resolve(folder), log, progress });
        showProgress('');
        const seconds = ((performance.now() - begun) / 1000).toFixed(1);
        writeOut(`${plain(resolve(folder))}: all stores as of ${plain(manifest.point)}, by InfraMirror ${plain(manifest.inframirror)}, in ${seconds} s\n`);
        if (config !== undefined)
          writeOut(`The settings of then are in ${plain(config)}. With them: inframirror start --data ${shown(resolve(folder))} --config ${shown(config)}\n`);
        return 0;
      } catch (error) {
        showProgress('');
        throw error;
      }
    },
  );
