// The lines of the planted causes, in five formats, among those of a quiet day: one of each every second, with errors for the last minutes.
// Only text is made here; who writes it where is `plant.ts`.

interface PlantedLog {
  /** In the folder of the planted logs. */
  readonly file: string;
  readonly line: (at: Date, i: number, isTrouble: boolean) => string;
}

const pad = (n: number, width = 2): string => String(n).padStart(width, '0');
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const clock = (at: Date): string => at.toISOString().slice(11, 19);
/** Syslog's and logback's times bear no zone: they are this system's. */
const localClock = (at: Date): string => `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;

const nginx = (at: Date, i: number, isTrouble: boolean): string => {
  const path = ['/', '/cart', '/checkout', '/login', '/item/17'][i % 5] as string;
  const status = path === '/checkout' && isTrouble ? 502 : path === '/login' && i % 3 === 0 ? 302 : 200;
  const day = `${pad(at.getUTCDate())}/${MONTHS[at.getUTCMonth()]}/${at.getUTCFullYear()}`;
  return `10.0.0.${(i % 30) + 1} - - [${day}:${clock(at)} +0000] "GET ${path} HTTP/1.1" ${status} ${status === 502 ? 157 : 4200 + i} "-" "Mozilla/5.0"`;
};

const payments = (at: Date, i: number, isTrouble: boolean): string => {
  const base = { time: at.toISOString(), service: 'payments', order: 70_000 + i };
  if (!isTrouble || i % 4 !== 0) return JSON.stringify({ ...base, level: 'info', msg: 'payment accepted', duration_ms: 80 + (i % 40) });
  const stack = 'PoolTimeout: no connection within 5000 ms\n    at Pool.acquire (/app/pool.js:88:11)\n    at pay (/app/pay.js:31:20)';
  return JSON.stringify({ ...base, level: 'error', msg: 'payment failed', duration_ms: 5000, error: { type: 'PoolTimeout', stack } });
};

const syslog = (at: Date, i: number, isTrouble: boolean): string => {
  const head = `${MONTHS[at.getMonth()]} ${String(at.getDate()).padStart(2)} ${localClock(at)} shop-1`;
  if (isTrouble && i % 60 === 10) return `${head} CRON[4710]: (root) CMD (/usr/local/bin/report --night)`;
  if (isTrouble && i % 60 === 15) return `${head} kernel: [88123.456] Out of memory: Killed process 4711 (report) total-vm:9812344kB, anon-rss:8123456kB`;
  return `${head} sshd[${900 + (i % 7)}]: Connection closed by 10.0.0.9 port ${40_000 + i}`;
};

const gateway = (at: Date, i: number, isTrouble: boolean): string =>
  isTrouble && i % 6 === 0
    ? `time=${at.toISOString()} level=error msg="handshake failed: certificate has expired" upstream=partner.example attempt=${i % 3}`
    : `time=${at.toISOString()} level=info msg="request done" upstream=stock.example status=200 duration=${12 + (i % 9)}ms`;

const TRACE = `java.lang.IllegalStateException: invoice not written
\tat com.example.billing.Invoices.write(Invoices.java:112)
\tat com.example.billing.Nightly.run(Nightly.java:40)
\tat java.base/java.lang.Thread.run(Thread.java:1583)
Caused by: java.sql.SQLException: Deadlock found when trying to get lock; try restarting transaction
\tat com.example.db.Statement.execute(Statement.java:77)
\t... 3 more`;

const billing = (at: Date, i: number, isTrouble: boolean): string => {
  const day = `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;
  const head = `${day} ${localClock(at)}.${pad(at.getMilliseconds(), 3)}`;
  return isTrouble && i % 20 === 0
    ? `${head} ERROR [billing-3] c.e.billing.Invoices - Cannot write invoice ${5000 + i}\n${TRACE}`
    : `${head} INFO  [billing-1] c.e.billing.Invoices - Wrote invoice ${5000 + i}`;
};

export const PLANTED_LOGS: readonly PlantedLog[] = [
  { file: 'nginx/access.log', line: nginx },
  { file: 'payments.log', line: payments },
  { file: 'syslog.log', line: syslog },
  { file: 'gateway.log', line: gateway },
  { file: 'billing.log', line: billing },
];
