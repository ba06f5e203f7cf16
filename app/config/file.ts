// Reads a file of settings: YAML, of which every key must be known and every value fit. Gives what it sets with the line of each,
// or everything that is wrong with it. Follows no include, runs nothing, and touches nothing but the file.
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isMap, isScalar, LineCounter, type Node, type Pair, parseDocument } from 'yaml';
import { nearest } from '../../query/1-syntax/nearest.ts';
import type { Problem } from './problem.ts';
import { SETTING_NAMES, SETTINGS, type SettingName } from './settings.ts';

export interface FileSettings {
  readonly values: ReadonlyMap<SettingName, { readonly value: unknown; readonly place: string }>;
  readonly problems: readonly Problem[];
}

const MOST_BYTES = 1 << 20;

/** Names on the way to settings: `limits`, `limits.intake`, … */
const SECTIONS: ReadonlySet<string> = new Set(SETTING_NAMES.flatMap((name) => Array.from(name.matchAll(/\./g), ({ index }) => name.slice(0, index))));
const isSetting = (name: string): name is SettingName => Object.hasOwn(SETTINGS, name);

/** The names below a section, one level. */
const below = (section: string): readonly string[] => {
  const prefix = section === '' ? '' : `${section}.`;
  return [...new Set(SETTING_NAMES.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length).split('.', 1)[0] as string))];
};

/** Beside the section itself, where the same key stands in another one. */
const suggested = (section: string, key: string): string => {
  const here = nearest(key, below(section));
  if (here !== undefined) return `; did you mean ${here}?`;
  const elsewhere = SETTING_NAMES.find((name) => name.endsWith(`.${key}`) || name === key);
  return elsewhere === undefined ? `; there are ${below(section).join(', ')}` : `; did you mean ${elsewhere}?`;
};

/** `file` as it is named in messages. A file that cannot be read is a problem like any other. */
export const readSettingsFile = (file: string): FileSettings => {
  try {
    const bytes = readFileSync(file);
    if (bytes.length > MOST_BYTES) return { values: new Map(), problems: [{ place: file, problem: 'it has more than 1 MiB' }] };
    return readSettingsText(new TextDecoder('utf-8', { fatal: true }).decode(bytes), file);
  } catch (error) {
    return {
      values: new Map(),
      problems: [{ place: file, problem: (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (error as Error).message }],
    };
  }
};

export const readSettingsText = (text: string, file: string): FileSettings => {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const values = new Map<SettingName, { value: unknown; place: string }>();
  const problems: Problem[] = [];
  const at = (offset: number | undefined): string => `${file}:${lines.linePos(offset ?? 0).line || 1}`;
  for (const { message, pos } of document.errors) problems.push({ place: at(pos[0]), problem: message.replaceAll(/\s+/g, ' ') });
  if (problems.length > 0) return { values, problems };

  const visit = (node: Node | null, section: string, offset: number | undefined): void => {
    // A section whose keys are all commented out.
    if (node === null || (isScalar(node) && node.value === null)) return;
    if (!isMap(node)) {
      problems.push({ place: at(node.range?.[0] ?? offset), problem: `${section === '' ? 'the file' : section} must hold keys: ${below(section).join(', ')}` });
      return;
    }
    for (const { key, value } of node.items as Pair<Node, Node | null>[]) {
      const name = String(isScalar(key) ? key.value : key);
      const full = section === '' ? name : `${section}.${name}`;
      const place = at(key.range?.[0] ?? undefined);
      if (isSetting(full)) take(full, value, place);
      else if (SECTIONS.has(full)) visit(value, full, key.range?.[0]);
      else problems.push({ place, problem: `there is no setting ${full}${suggested(section, name)}` });
    }
  };
  const take = (name: SettingName, node: Node | null, place: string): void => {
    let given: unknown;
    try {
      given = node?.toJS(document, { maxAliasCount: 100 });
    } catch (error) {
      problems.push({ place, problem: `${name}: ${(error as Error).message}` });
      return;
    }
    const checked = checkSetting(name, given);
    if ('problem' in checked) problems.push({ place, problem: checked.problem });
    else values.set(name, { value: name === 'data' ? resolve(dirname(file), checked.value as string) : checked.value, place });
  };
  visit(document.contents as Node | null, '', 0);
  return { values, problems };
};

/** A value of YAML as the setting takes it. */
export const checkSetting = (name: SettingName, given: unknown): { readonly value: unknown } | { readonly problem: string } => {
  const { success, data, error } = SETTINGS[name].schema.safeParse(given);
  if (success) return { value: data };
  const [issue] = error.issues;
  const at = issue?.path.map((part) => `${typeof part === 'number' ? `entry ${part + 1}` : String(part)}: `).join('') ?? '';
  return { problem: `${name}: ${given === undefined || given === null ? 'the value is missing' : `${at}${issue?.message ?? 'it does not fit'}`}` };
};
