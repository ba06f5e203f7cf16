// The settings in force and where each comes from: an option of the command line before a variable of the environment before the file
// before the default. Read anew on demand: then all of it counts or, where anything is wrong, nothing. It never watches the file by itself.
import { parse } from 'yaml';
import { checkSetting, type FileSettings, readSettingsFile } from './file.ts';
import { ConfigError, type Problem } from './problem.ts';
import { SETTING_NAMES, SETTINGS, type SettingName, type Settings, variableOf } from './settings.ts';
import { problemsTogether } from './together.ts';
import { warningsOf } from './warnings.ts';

export interface Sources {
  /** By name, with the option it was given by. */
  readonly options: ReadonlyMap<SettingName, { readonly value: unknown; readonly place: string }>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** undefined: none. */
  readonly file: string | undefined;
}

interface Read {
  readonly settings: Settings;
  /** `FILE:LINE`, a variable, an option, or `default`. */
  readonly places: ReadonlyMap<SettingName, string>;
  readonly warnings: readonly Problem[];
}

export interface Reloaded {
  /** In force now. */
  readonly changed: readonly SettingName[];
  /** Read, but only the next start heeds them. */
  readonly waiting: readonly SettingName[];
}

/** Throws `ConfigError` with everything that is. */
const read = ({ options, environment, file }: Sources): Read => {
  const found: FileSettings = file === undefined ? { values: new Map(), problems: [] } : readSettingsFile(file);
  const problems: Problem[] = [...found.problems];
  const settings: Partial<Record<SettingName, unknown>> = {};
  const places = new Map<SettingName, string>();
  const put = (name: SettingName, value: unknown, place: string): void => {
    settings[name] = value;
    places.set(name, place);
  };
  for (const name of SETTING_NAMES) {
    put(name, SETTINGS[name].fallback, 'default');
    const written = found.values.get(name);
    if (written !== undefined) put(name, written.value, written.place);
    const variable = variableOf(name);
    const text = environment[variable];
    const option = options.get(name);
    for (const given of [text ? { value: fromText(name, text), place: variable } : undefined, option]) {
      if (given === undefined) continue;
      const checked = checkSetting(name, given.value);
      if ('problem' in checked) problems.push({ place: given.place, problem: checked.problem });
      else put(name, checked.value, given.place);
    }
  }
  if (problems.length === 0) problems.push(...problemsTogether(settings as Settings, places));
  if (problems.length > 0) throw new ConfigError(problems);
  return { settings: settings as Settings, places, warnings: warningsOf(settings as Settings, places, environment) };
};

const fromText = (name: SettingName, text: string): unknown => {
  if (SETTINGS[name].verbatim) return text;
  try {
    return parse(text, { logLevel: 'silent' });
  } catch {
    return text;
  }
};

export class Configuration {
  readonly #sources: Sources;
  #read: Read;
  #refused: ConfigError | undefined;

  /** Throws `ConfigError`. */
  constructor(sources: Sources) {
    this.#sources = sources;
    this.#read = read(sources);
  }

  /** In force. */
  get settings(): Settings {
    return this.#read.settings;
  }

  get places(): ReadonlyMap<SettingName, string> {
    return this.#read.places;
  }

  /** What is probably not as it was meant. */
  get warnings(): readonly Problem[] {
    return this.#read.warnings;
  }

  get file(): string | undefined {
    return this.#sources.file;
  }

  /** Why what was read last was not taken. */
  get refused(): ConfigError | undefined {
    return this.#refused;
  }

  /** Reads all anew; throws `ConfigError`, and then nothing has changed. */
  reload(): Reloaded {
    const next = this.#readAgain();
    const differing = SETTING_NAMES.filter((name) => written(name, next.settings) !== written(name, this.#read.settings));
    const waiting = differing.filter((name) => !SETTINGS[name].live);
    const kept = Object.fromEntries(waiting.map((name) => [name, this.#read.settings[name]]));
    this.#read = { ...next, settings: { ...next.settings, ...kept } };
    return { changed: differing.filter((name) => SETTINGS[name].live), waiting };
  }

  #readAgain(): Read {
    try {
      const next = read(this.#sources);
      this.#refused = undefined;
      return next;
    } catch (error) {
      if (error instanceof ConfigError) this.#refused = error;
      throw error;
    }
  }
}

/** The value of a setting as a line of YAML has it. */
export const written = (name: SettingName, settings: Settings): string => (SETTINGS[name].write as (value: unknown) => string)(settings[name]);
