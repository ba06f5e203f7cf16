// The settings as a page of YAML: with a remark behind each, or commented out below what it is for. What it prints can be read again.
import { SETTING_NAMES, type SettingName } from './settings.ts';

export interface Line {
  /** Lines above, without `# `. */
  readonly above: readonly string[];
  readonly value: string;
  /** Behind the value. */
  readonly behind: string;
  readonly isComment: boolean;
}

export const settingsPage = (lineOf: (name: SettingName) => Line): string => {
  const lines: string[] = [];
  let sections: readonly string[] = [];
  for (const name of SETTING_NAMES) {
    const path = name.split('.');
    const own = path.slice(0, -1);
    const shared = own.findIndex((part, i) => part !== sections[i]);
    for (let depth = shared < 0 ? own.length : shared; depth < own.length; depth++) {
      if (lines.length > 0) lines.push('');
      lines.push(`${'  '.repeat(depth)}${own[depth]}:`);
    }
    sections = own;
    const indent = '  '.repeat(own.length);
    const { above, value, behind, isComment } = lineOf(name);
    for (const text of above) lines.push(`${indent}# ${text}`);
    lines.push(`${indent}${isComment ? '# ' : ''}${path.at(-1)}: ${value}${behind === '' ? '' : `  # ${behind}`}`);
  }
  return `${lines.join('\n')}\n`;
};
