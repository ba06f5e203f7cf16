// One entry of systemd's journal as `journalctl --output=json` prints it (https://systemd.io/JOURNAL_EXPORT_FORMATS/#journal-json-format):
// texts, bytes as lists of numbers where they are no text, lists where a field stands more than once.
import type { Severity } from '../../schemas/catalogue.ts';
import type { Origin } from './container.ts';
import { severityOfNumber } from './formats/severity.ts';

export interface JournalEntry {
  readonly cursor: string;
  /** ns since 1970. */
  readonly time: bigint | undefined;
  readonly message: Buffer;
  readonly origin: Origin;
  /** Of whom it is: what goes on with an entry is of the same. */
  readonly sender: string;
}

/** What is asked for: the others are many, and some as large as a core dump. */
export const JOURNAL_FIELDS: readonly string[] = [
  'MESSAGE',
  'PRIORITY',
  'SYSLOG_IDENTIFIER',
  'SYSLOG_PID',
  'MESSAGE_ID',
  'CONTAINER_NAME',
  'CONTAINER_ID',
  'CODE_FILE',
  'CODE_LINE',
  'ERRNO',
  'UNIT',
  '_PID',
  '_COMM',
  '_SYSTEMD_UNIT',
  '_TRANSPORT',
];

const ATTRIBUTES: readonly (readonly [field: string, name: string])[] = [
  ['_SYSTEMD_UNIT', 'systemd.unit'],
  ['_PID', 'pid'],
  ['MESSAGE_ID', 'message_id'],
  ['CONTAINER_NAME', 'container.name'],
  ['CONTAINER_ID', 'container.id'],
  ['CODE_FILE', 'code.file'],
  ['CODE_LINE', 'code.line'],
  ['ERRNO', 'errno'],
  ['_TRANSPORT', 'journal.transport'],
];
/** Numbers, as they are in lines of every other form. */
const NUMBERS: ReadonlySet<string> = new Set(['pid', 'code.line', 'errno']);
const MOST_TEXT = 2048;

/** Undefined for what is no entry; one without a message is empty. */
export const journalEntry = (line: string): JournalEntry | undefined => {
  let fields: Readonly<Record<string, unknown>>;
  try {
    fields = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof fields !== 'object' || fields === null || typeof fields.__CURSOR !== 'string') return undefined;
  const text = (name: string): string | undefined => {
    const bytes = bytesOf(fields[name]);
    return bytes === undefined || bytes.length === 0 ? undefined : bytes.toString('utf8', 0, MOST_TEXT);
  };
  const stamp = text('__REALTIME_TIMESTAMP');
  const attributes = ATTRIBUTES.flatMap(([field, name]): (readonly [string, string | number])[] => {
    const value = text(field);
    return value === undefined ? [] : [[name, NUMBERS.has(name) && /^\d{1,15}$/.test(value) ? Number(value) : value]];
  });
  const service = text('CONTAINER_NAME') ?? text('SYSLOG_IDENTIFIER') ?? text('_COMM') ?? '';
  const severity = severityOf(text('PRIORITY'));
  return {
    cursor: fields.__CURSOR,
    time: stamp !== undefined && /^\d{1,16}$/.test(stamp) ? BigInt(stamp) * 1000n : undefined,
    message: bytesOf(fields.MESSAGE) ?? Buffer.alloc(0),
    origin: { service: service.slice(0, 256), attributes, ...(severity === undefined ? {} : { severity }) },
    sender: `${text('_PID') ?? text('SYSLOG_PID') ?? ''} ${service}`,
  };
};

/** What a program wrote to its output has 6 for want of a better: its text knows better. */
const severityOf = (priority: string | undefined): { readonly value: Severity; readonly over: boolean } | undefined => {
  const value = priority === undefined ? undefined : severityOfNumber(Number(priority));
  return value === undefined ? undefined : { value, over: priority !== '6' };
};

/** Of a field that stands more than once the first. */
const bytesOf = (value: unknown): Buffer | undefined => {
  if (typeof value === 'string') return Buffer.from(value);
  if (!Array.isArray(value)) return undefined;
  return typeof value[0] === 'number' ? Buffer.from(value as number[]) : bytesOf(value[0]);
};
