// Ten causes of trouble that are planted on a running product, and for each the texts that lead to it: at most three, in the order in
// which a person asks them. `docs/guide/find-the-cause.md` and the test that asks them are made from this. It plants nothing itself.
import type { Json } from '../end-to-end/support/product.ts';

export type Row = Readonly<Record<string, Json>>;

interface Question {
  readonly text: string;
  /** What is seen there, and why it was asked. */
  readonly says: string;
}

export interface Cause {
  /** What somebody noticed; all that a person who looks for it is told. */
  readonly symptom: string;
  readonly questions: readonly Question[];
  /** What it was. */
  readonly answer: string;
  /** A word of the answer, which the symptom must not give away. */
  readonly secret: string;
  /** Whether the rows of the last text name the cause. */
  readonly isFound: (rows: readonly Row[]) => boolean;
}

/** Names that the planted things bear. The kernel keeps 15 characters of a program's name. */
export const PLANTED = {
  busy: 'reindex-catalog',
  restarting: 'mail-worker',
  growing: 'session-cache',
  silent: 'db-2',
  full: 'orders-1',
  mount: '/srv/orders',
} as const;

const holds = (value: Json | undefined, piece: string): boolean => String(value ?? '').includes(piece);

const WHERE_FROM = `from logs
| where severity >= "error"
| count by host, service, source
| sort count desc`;

export const CAUSES: readonly Cause[] = [
  {
    symptom: 'Customers say that the shop shows an error page now and then.',
    questions: [
      {
        text: `from logs
| where status >= 500
| count by source, status, path
| sort count desc`,
        says: 'An access log has the attributes `status`, `path`, `method` and `bytes`. All answers of 500 and more are of one path.',
      },
      {
        text: `from logs
| where path == "/checkout"
| every 1m failed = count(where status >= 500), all = count()`,
        says: 'Since when, and how many of all: the first minutes have none.',
      },
      {
        text: `from logs
| where path == "/checkout" and status >= 500
| select time, host, status, raw
| limit 5`,
        says: 'The lines themselves, as they were written.',
      },
    ],
    answer: '`/checkout` answers 502: what stands behind nginx there does not answer.',
    secret: 'checkout',
    isFound: (rows) => rows.length > 0 && rows.every((row) => row.status === 502 && holds(row.raw, '/checkout')),
  },
  {
    symptom: 'Payments take long, and some are never made.',
    questions: [
      { text: WHERE_FROM, says: 'Where errors come from. One row is of the service `payments`; the others have their own causes, or none.' },
      {
        text: `from logs
| where service == "payments" and severity >= "error"
| select time, body, \`error.type\`, \`error.stack\`
| limit 5`,
        says: '`body` is the message. The fields of a JSON line are attributes, those within each other with a dot; a click on the line in the explorer opens all of them.',
      },
    ],
    answer: 'The pool of database connections of `payments` is exhausted (`PoolTimeout`, at `Pool.acquire`).',
    secret: 'pool',
    isFound: (rows) => rows.length > 0 && rows.every((row) => row['error.type'] === 'PoolTimeout' && holds(row['error.stack'], 'at Pool.acquire')),
  },
  {
    symptom: 'The nightly report is missing.',
    questions: [
      {
        text: `from logs
| search report
| count by source, service
| sort count desc`,
        says: 'A word is searched in all lines of all hosts. The tag of a syslog line is its `service`: `CRON` began it, and the `kernel` speaks of it too.',
      },
      {
        text: `from logs
| where service == "kernel"
| search report
| select time, host, body`,
        says: 'Here it says how it ended.',
      },
    ],
    answer: 'The kernel’s out-of-memory killer ended `report`.',
    secret: 'memory',
    isFound: (rows) => rows.some((row) => holds(row.body, 'Out of memory: Killed process 4711 (report)')),
  },
  {
    symptom: 'The gateway reaches a partner no more.',
    questions: [
      { text: WHERE_FROM, says: 'One source of errors is `gateway.log`.' },
      {
        text: `from logs
| where source like "*gateway*" and severity >= "error"
| count by body, upstream
| sort count desc`,
        says: 'Equal messages counted, by an attribute of the line (a click on a line shows which there are).',
      },
    ],
    answer: 'The certificate of `partner.example` has expired.',
    secret: 'certificate',
    isFound: (rows) => holds(rows[0]?.body, 'certificate has expired') && rows[0]?.upstream === 'partner.example',
  },
  {
    symptom: 'Some invoices are missing.',
    questions: [
      {
        text: `from logs
| where severity >= "error"
| search invoice
| count by source`,
        says: 'A word of the symptom among the errors: one source.',
      },
      {
        text: `from logs
| where source like "*billing*" and severity >= "error"
| select time, body
| limit 3`,
        says: 'The lines of a trace are one line here. Its end, `Caused by`, names the cause.',
      },
    ],
    answer: 'Two transactions of billing wait for each other: a deadlock in its database.',
    secret: 'deadlock',
    isFound: (rows) => rows.length > 0 && rows.every((row) => holds(row.body, 'Caused by: java.sql.SQLException: Deadlock found') && holds(row.body, '\n')),
  },
  {
    symptom: 'The machine that InfraMirror itself runs on is slow.',
    questions: [
      {
        text: `from processes last 10m
| summarize cpu = avg(cpu), seen = count() by host, name
| top 10 by cpu per host`,
        says: 'The programs of each host that are busy all the time, not for a moment: `seen` counts samplings, and 100 % is one processor.',
      },
      {
        text: `from processes last 5m
| latest
| where name == "${PLANTED.busy}"
| select host, name, pid, user, cpu, start, command`,
        says: 'Who runs it, since when, and with which arguments.',
      },
    ],
    answer: `\`${PLANTED.busy}\` uses all of a processor that it gets.`,
    secret: PLANTED.busy,
    isFound: (rows) => rows.some((row) => row.name === PLANTED.busy && Number(row.cpu) > 0.1),
  },
  {
    symptom: 'Orders are refused.',
    questions: [
      {
        text: `from logs
| where severity >= "error"
| search order or orders
| count by host, source, body
| sort count desc`,
        says: 'A word of the symptom among the errors: “no space left on device”, and on which host.',
      },
      {
        text: `from metrics.system.filesystem.utilization last 10m
| latest
| where value > 85% and mode == "rw"
| sort value desc
| select host, mountpoint, value, device`,
        says: 'The newest value of each filesystem that can be written.',
      },
    ],
    answer: `The filesystem \`${PLANTED.mount}\` of \`${PLANTED.full}\` is full.`,
    secret: PLANTED.mount,
    isFound: (rows) => rows.some((row) => row.host === PLANTED.full && row.mountpoint === PLANTED.mount && Number(row.value) > 0.95),
  },
  {
    symptom: 'One machine seems to be gone.',
    questions: [
      {
        text: `from hosts
| where agent_state != "reporting"
| sort last_seen
| select host, agent_state, last_seen, role, owner`,
        says: 'A host that was heard before is late after a minute and silent after five; it is stopped where its agent was ended on purpose. The page Hosts shows the same.',
      },
      {
        text: `from logs last 1h
| where host == "${PLANTED.silent}"
| select time, source, body
| limit 20`,
        says: 'Its last words, where it had any.',
      },
    ],
    answer: `\`${PLANTED.silent}\` has not been heard since it lost its power (“battery low”).`,
    secret: PLANTED.silent,
    isFound: (rows) => rows.some((row) => holds(row.body, 'last words of db-2')),
  },
  {
    symptom: 'Mails come late, or twice.',
    questions: [
      {
        text: `from processes last 1h
| summarize starts = distinct_count(start), since = min(start), newest = max(start) by host, parent, name
| where starts >= 3
| sort starts desc
| limit 20`,
        says: 'One parent starts the same program again and again. Samplings are 15 s apart: what lives shorter is seen only sometimes, and a shell script has many short children too.',
      },
      {
        text: `from processes last 1h
| where name == "${PLANTED.restarting}"
| summarize seen = count(), ran = max(time) by host, pid, start, command
| sort start desc`,
        says: 'Every run has another pid, and none lives long.',
      },
    ],
    answer: `\`${PLANTED.restarting}\` ends soon after each start, and is started again.`,
    secret: PLANTED.restarting,
    isFound: (rows) => new Set(rows.map((row) => row.pid)).size >= 3,
  },
  {
    symptom: 'The free memory of the machine that InfraMirror runs on gets less and less.',
    questions: [
      {
        text: `from processes last 15m
| summarize first = first(memory), newest = last(memory), grown = last(memory) - first(memory) by host, name, pid
| top 20 by grown`,
        says: 'How much each process grew within the range.',
      },
      {
        text: `from processes last 15m
| where name == "${PLANTED.growing}"
| every 15s max memory`,
        says: 'A line that only rises is a leak, one that rises and falls a cache.',
      },
    ],
    answer: `\`${PLANTED.growing}\` keeps all that it read.`,
    secret: PLANTED.growing,
    isFound: (rows) => {
      const sizes = rows.map(({ memory }) => Number(memory));
      return sizes.length >= 3 && Number(sizes.at(-1)) > Number(sizes[0]) * 1.2;
    },
  },
];
