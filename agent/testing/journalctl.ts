// A program that stands in for `journalctl` where a machine has no journal: prints recorded entries behind the cursor it is given, then those that come.
// It knows nothing of what reads it.
import { appendFileSync, chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** As journalctl 257 prints it, shortened by fields that are not asked for; `n` tells entries apart. */
export const recorded = (n: number, more: Readonly<Record<string, unknown>>): string =>
  JSON.stringify({
    __CURSOR: `s=0639e3a1;i=${n};b=2f7c;m=7;t=64aa;x=${n}`,
    __REALTIME_TIMESTAMP: String(Date.now() * 1000 + n),
    __MONOTONIC_TIMESTAMP: '4711',
    __SEQNUM: String(n),
    _BOOT_ID: '2f7c',
    PRIORITY: '6',
    SYSLOG_IDENTIFIER: 'shop',
    _PID: '712',
    _COMM: 'node',
    _SYSTEMD_UNIT: 'shop.service',
    _TRANSPORT: 'stdout',
    ...more,
  });

/** `END` among the entries ends it once. */
const PROGRAM = `#!${process.execPath}
const { readFileSync, appendFileSync, existsSync, writeFileSync } = require('node:fs');
const beside = (name) => __dirname + '/' + name;
appendFileSync(beside('starts'), JSON.stringify(process.argv.slice(2)) + '\\n');
const cursor = process.argv.find((a) => a.startsWith('--after-cursor='))?.slice(15);
const entries = () => { const text = existsSync(beside('entries')) ? readFileSync(beside('entries'), 'utf8') : ''; return text.slice(0, text.lastIndexOf('\\n') + 1).split('\\n').slice(0, -1); };
let from = cursor === undefined ? 0 : entries().findIndex((l) => l.includes(JSON.stringify(cursor))) + 1;
const more = () => {
  for (const line of entries().slice(from)) {
    from++;
    if (line !== 'END') process.stdout.write(line + '\\n');
    else if (!existsSync(beside('ended'))) { writeFileSync(beside('ended'), ''); return process.exit(1); }
  }
};
process.stdout.on('error', () => process.exit(0));
process.stderr.write('Hint: You are currently not seeing messages from other users and the system.\\n      Users in groups adm can.\\n');
more();
setInterval(more, 20);
`;

/** Puts it into a folder, as `journalctl`, with a journal below that as the root; answers how entries are added. */
export const standInJournal = (folder: string): ((...lines: readonly string[]) => void) => {
  mkdirSync(join(folder, 'var/log/journal'), { recursive: true });
  writeFileSync(join(folder, 'journalctl'), PROGRAM);
  chmodSync(join(folder, 'journalctl'), 0o755);
  return (...lines) => appendFileSync(join(folder, 'entries'), `${lines.join('\n')}\n`);
};
