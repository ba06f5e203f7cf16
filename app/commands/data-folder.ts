// The data folder that a command means, found as a start finds it: by its option, a variable, or the settings file that a variable names.
import { readSettingsFile } from '../config/file.ts';
import type { Arguments } from './arguments.ts';

/** Where the file says it wrongly, or cannot be read, the start tells. */
const inSettings = (file: string): unknown => readSettingsFile(file).values.get('data')?.value;

export const dataFolderOf = ({ values }: Pick<Arguments, 'values'>, environment = process.env): string => {
  const { INFRAMIRROR_DATA: variable, INFRAMIRROR_CONFIG: file } = environment;
  const given = values.get('data') ?? (variable || undefined);
  const written = given !== undefined || !file ? undefined : inSettings(file);
  return given ?? (typeof written === 'string' ? written : 'data');
};
