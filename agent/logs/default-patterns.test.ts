// Which files of a machine are read where nobody said which.
import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AGENT_DEFAULTS } from '../config.ts';
import { Followed, laterByFiles } from '../testing/followed.ts';

let logs: Followed;
beforeEach(() => {
  logs = new Followed();
});
afterEach(() => logs.close());

const ID = 'ab'.repeat(32);
const READ = [
  'var/log/syslog',
  'var/log/messages',
  'var/log/secure',
  'var/log/cron',
  'var/log/maillog',
  'var/log/auth.log',
  'var/log/kern.log',
  'var/log/app with blanks.log',
  'var/log/nginx/access.log',
  'var/log/nginx/error.log',
  'var/log/postgresql/postgresql-18-main.log',
  'var/log/mysql/error.log',
  `var/lib/docker/containers/${ID}/${ID}-json.log`,
];
/** Rotated before, packed, of another form, hidden, too deep, elsewhere. */
const LEFT = [
  'var/log/syslog.1',
  'var/log/syslog.2.gz',
  'var/log/auth.log.1',
  'var/log/auth.log.2.gz',
  'var/log/old.log.xz',
  'var/log/wtmp',
  'var/log/btmp',
  'var/log/lastlog',
  'var/log/.hidden.log',
  'var/log/journal/0639e3a1/system.journal',
  'var/log/nginx/access.log.1',
  'var/log/app/deeper/still.log',
  'var/log/readme.txt',
  'tmp/x.log',
  'home/joe/secret.log',
  'root/x.log',
  `var/lib/docker/containers/${ID}/config.v2.json`,
];

test('the usual ones of the system, of servers and of containers, each once, and nothing else', async () => {
  const put = (name: string): void => {
    mkdirSync(dirname(logs.path(name)), { recursive: true });
    logs.write(name, `line of ${name}`);
  };
  for (const name of [...READ, ...LEFT]) put(name);
  // As the kubelet leaves them: a link to a link.
  const pod = 'var/log/pods/shop_web-1_4f1c/app/0.log';
  put(pod);
  const link = `var/log/containers/web-1_shop_app-${ID}.log`;
  mkdirSync(dirname(logs.path(link)), { recursive: true });
  symlinkSync(logs.path(pod), logs.path(link));
  // A name that is two patterns', and a second name of the same file.
  symlinkSync(logs.path('var/log/auth.log'), logs.path('var/log/same.log'));
  await laterByFiles();
  logs.start({ globs: AGENT_DEFAULTS.logs });
  await logs.round();
  expect(logs.bodies.sort()).toEqual([...READ, pod].map((name) => `line of ${name}`).sort());
  expect(logs.column('service').filter((service) => service !== null)).toEqual(['app']);
  expect([...logs.leftOut]).toEqual([]);
});
