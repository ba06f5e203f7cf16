// Passwords that programs take by a short option, wherever such a command stands: in a process, in a shell's text, in a line of sudo or cron.
// Knows the programs by name; each is looked for once in a text that holds it, in a time linear in the text.

/** Up to what ends a command. */
const REST = '[ \\t][^\\n;|&]{1,2048}';
const VALUE = '(?:"[^"\\n]{0,256}"?|\'[^\'\\n]{0,256}\'?|[^\\s"\'`)]{1,256})';
/** Of `user:password`, so that a word behind an option is none. */
const PAIR = '(?:"[^":\\n]{0,256}:[^"\\n]{1,256}"?|\'[^\':\\n]{0,256}:[^\'\\n]{1,256}\'?|[^\\s"\':`)]{0,256}:[^\\s"\'`)]{1,256})';

const program = (name: string, option: string, value: string): readonly [holds: string, command: RegExp, secret: RegExp] => [
  /^[a-z]+/.exec(name)?.[0] ?? name,
  new RegExp(`(?<![\\w.-])${name}${REST}`, 'g'),
  new RegExp(`([ \\t]${option})${value}`, 'g'),
];

const PROGRAMS = [
  program('mysql[\\w-]{0,20}', '-p', VALUE),
  program('mariadb[\\w-]{0,20}', '-p', VALUE),
  program('curl', '(?:-[#0-46BGILNOSafgijklnqsvV]{0,8}[uU][ \\t]{0,4}|--(?:proxy-)?user[ \\t=]{1,4})', PAIR),
  program('sshpass', '-p[ \\t]{0,4}', VALUE),
  program('redis-cli', '-a[ \\t]{1,4}', VALUE),
  program('ldap(?:search|modify|add|delete|passwd|whoami|compare)', '-w[ \\t]{0,4}', VALUE),
];

/** Whether a text holds one of the programs; a part of each is in the list of `suspects.ts`. */
const ANY_PROGRAM = /mysql|mariadb|curl[ \t]|sshpass|redis-cli|ldap/;

export const withoutOptions = (text: string, masked: string): string => {
  if (!ANY_PROGRAM.test(text)) return text;
  let out = text;
  for (const [holds, command, secret] of PROGRAMS) if (out.includes(holds)) out = out.replace(command, (found) => found.replace(secret, `$1${masked}`));
  return out;
};
