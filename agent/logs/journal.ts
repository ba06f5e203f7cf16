// Follows systemd's journal through `journalctl`, started again when it ends. How far it came is the cursor in the record of the lines it covers:
// after a kill it goes on behind it. What goes on with the entry before it is joined; what waits to be read stays in the journal.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { nanosFromMillis } from '../../core/time.ts';
import { type MaskState, newMaskState } from '../mask/mask.ts';
import { type Entry, MOST_ENTRY } from './assembler.ts';
import { begin, type EntryState, goesOn, newState } from './continuation.ts';
import type { LogFailures } from './failures.ts';
import { JOURNAL_FIELDS, type JournalEntry, journalEntry } from './journal-entry.ts';
import { MOST_LINE } from './line.ts';
import type { LinePlace, LogBatch } from './log-batch.ts';
import { fileId, NOTHING, type Position } from './position.ts';
import { AHEAD_MS, type DeliverLines, KEPT_MS } from './tailer.ts';

export interface JournalOptions {
  readonly root: string;
  readonly joinMs: number;
  readonly failures: LogFailures;
  readonly leftOut: (what: string) => void;
  /** The program; `journalctl` unless a test has another. */
  readonly command?: string;
  /** Between an end and the next start: first, and most, ms. */
  readonly pausesMs?: readonly [number, number];
}

/** The name under which its position is kept, and the source of its lines. */
export const JOURNAL = 'journal';
/** Entries of before the agent came. */
const BACKLOG = 1000;
/** Bytes that wait to be read; more stay in the journal. */
const MOST_WAITING = 4 << 20;
/** Of one entry as it is printed; a longer one is passed over. */
const MOST_ENTRY_TEXT = 16 << 20;
const STOP_MS = 2000;
const MOST_TOLD = 200;

interface Pending {
  readonly first: JournalEntry;
  readonly pieces: Buffer[];
  readonly state: EntryState;
  bytes: number;
  /** When its last line came, ms. */
  at: number;
  cursor: string;
}

export class Journal {
  readonly #options: JournalOptions;
  readonly #batch: LogBatch;
  readonly #deliver: DeliverLines;
  #cursor: string | undefined;
  #child: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #pauseMs: number;
  #lines: string[] = [];
  #waiting = 0;
  /** Of an entry whose end has not come. */
  #rest: string[] = [];
  #restLength = 0;
  #pending: Pending | undefined;
  readonly #secrets = newMaskState();
  #secretsOf = '';
  /** The same as of the last record. */
  #keptSecrets = { keyLines: 0, sender: '' };
  /** Of what is in the batch. */
  #taken: string | undefined;
  #run = { name: '', id: fileId(JOURNAL, 0) };
  #stopped = false;
  /** What comes is not taken: it is read again from the last record. */
  #broken = false;
  #overlong = false;
  #complained = false;
  linesRead = 0;
  /** Too old already when the journal was met for the first time. */
  linesSkipped = 0;
  bytesCut = 0;

  constructor(options: JournalOptions, batch: LogBatch, deliver: DeliverLines, positions: Iterable<Position>) {
    this.#options = options;
    this.#batch = batch;
    this.#deliver = deliver;
    this.#pauseMs = options.pausesMs?.[0] ?? 1000;
    for (const { key, cursor, keyLines = 0, sender = '' } of positions) {
      if (key !== JOURNAL) continue;
      this.#cursor = cursor;
      this.#keptSecrets = { keyLines, sender };
    }
  }

  start(): void {
    const { root, command, leftOut } = this.#options;
    const folder = ['/var/log/journal', '/run/log/journal'].map((path) => (root === '/' ? path : `${root}${path}`)).find((path) => existsSync(path));
    if (folder === undefined) {
      leftOut('the systemd journal (there is none)');
      return;
    }
    const from = this.#cursor === undefined ? [`--lines=${BACKLOG}`] : ['--no-tail', `--after-cursor=${this.#cursor}`];
    const where = root === '/' ? [] : [`--directory=${folder}`];
    const child = spawn(command ?? 'journalctl', ['--follow', '--output=json', '--all', `--output-fields=${JOURNAL_FIELDS.join(',')}`, ...where, ...from], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
    });
    this.#child = child;
    this.#secrets.keyLines = this.#keptSecrets.keyLines;
    this.#secretsOf = this.#keptSecrets.sender;
    this.#rest = [];
    this.#restLength = 0;
    this.#broken = false;
    this.#overlong = false;
    child.stdout.setEncoding('utf8').on('data', (text: string) => this.#came(text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.#told(text));
    child.once('error', (error: NodeJS.ErrnoException) => {
      this.#stopped ||= error.code === 'ENOENT';
      leftOut(`the systemd journal (${this.#stopped ? 'there is no journalctl' : error.message})`);
    });
    child.once('close', () => {
      this.#child = undefined;
      if (this.#stopped) return;
      this.#timer = setTimeout(() => this.#again(), this.#pauseMs);
      this.#pauseMs = Math.min(this.#pauseMs * 2, this.#options.pausesMs?.[1] ?? 60_000);
    });
  }

  /** Takes what came. `pressed` as of the tailer; `last`: nothing is waited for any more. */
  poll(now: number, pressed: () => boolean, last = false): void {
    if (this.#broken) return;
    const lines = this.#lines;
    let at = 0;
    while (at < lines.length && !pressed() && !this.#broken) {
      this.#line(lines[at++] as string, now);
      if (this.#batch.full) this.#flush();
    }
    if (this.#broken) return;
    this.#lines = lines.slice(at);
    this.#waiting = this.#lines.reduce((sum, line) => sum + line.length, 0);
    if (this.#pending !== undefined && this.#lines.length === 0 && (last || now - this.#pending.at >= this.#options.joinMs)) this.#finish(now);
    this.#flush();
    if (this.#waiting < MOST_WAITING) this.#child?.stdout?.resume();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (child === undefined) return;
    const ended = new Promise<void>((resolve) => void child.once('close', () => resolve()));
    child.kill('SIGTERM');
    // What it printed and nobody read would hold its end back; it stays in the journal.
    child.stdout?.destroy();
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await ended;
    clearTimeout(late);
  }

  /** Behind what is recorded, and what was read of it but not recorded. */
  #again(): void {
    this.#lines = [];
    this.#waiting = 0;
    this.#pending = undefined;
    this.start();
  }

  #came(text: string): void {
    if (this.#broken) return;
    const lines = text.split('\n');
    const rest = lines.pop() as string;
    if (lines.length > 0) {
      const first = `${this.#rest.join('')}${lines[0]}`;
      if (this.#overlong) lines.shift();
      else lines[0] = first;
      this.#overlong = false;
      this.#rest = [];
      this.#restLength = 0;
      this.#pauseMs = this.#options.pausesMs?.[0] ?? 1000;
    }
    this.#restLength += rest.length;
    if (this.#restLength > MOST_ENTRY_TEXT) {
      this.bytesCut += this.#restLength;
      this.#rest = [];
      this.#restLength = 0;
      this.#overlong = true;
    } else this.#rest.push(rest);
    for (const line of lines) this.#lines.push(line);
    this.#waiting += text.length;
    if (this.#waiting >= MOST_WAITING) this.#child?.stdout?.pause();
  }

  /** `Hint: You are currently not seeing messages from other users and the system.` and the first other thing it complains of. */
  #told(text: string): void {
    for (const line of text.split('\n')) {
      if (/^Hint: |insufficient permissions|Permission denied/.test(line))
        this.#options.leftOut('journal entries that only root and the groups adm and systemd-journal may read');
      else if (/^\S/.test(line) && !line.startsWith('-- ') && !this.#complained) {
        this.#complained = true;
        this.#options.leftOut(`the systemd journal (${line.slice(0, MOST_TOLD)})`);
      }
    }
  }

  #line(line: string, now: number): void {
    const entry = journalEntry(line);
    if (entry === undefined) {
      if (line !== '') this.#options.failures.format(JOURNAL, 'journal', new Error('it is no entry of the journal'), now);
      return;
    }
    const pending = this.#pending;
    const { message } = entry;
    if (
      pending !== undefined &&
      pending.first.sender === entry.sender &&
      message.length > 0 &&
      pending.bytes + message.length < MOST_ENTRY &&
      goesOn(pending.state, message, 0, lineEnd(message))
    ) {
      pending.pieces.push(NEWLINE, message);
      pending.bytes += message.length + 1;
      pending.at = now;
      pending.cursor = entry.cursor;
      return;
    }
    if (pending !== undefined) this.#finish(now);
    const state = newState();
    begin(state, message, 0, lineEnd(message));
    this.#pending = { first: entry, pieces: [message], state, bytes: message.length, at: now, cursor: entry.cursor };
  }

  #finish(now: number): void {
    const { first, pieces, state, cursor } = this.#pending as Pending;
    this.#pending = undefined;
    const bytes = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
    const entry: Entry = {
      bytes,
      text: undefined,
      place: undefined,
      clean: false,
      more: false,
      part: 1,
      trace: state.trace !== '',
      time: first.time,
      stream: undefined,
      carried: false,
      start: 0,
    };
    const last = { time: undefined, severity: undefined, service: undefined };
    const [nowNs, oldest, newest] = [now, now - KEPT_MS, now + AHEAD_MS].map((ms) => nanosFromMillis(Math.floor(ms))) as [bigint, bigint, bigint];
    const bounds = { fallbackMs: Math.floor(now), now: nowNs, oldest, newest, skipOld: this.#cursor === undefined };
    const source = { path: JOURNAL, origin: first.origin, last, secrets: this.#secretsFor(first.sender) };
    const added = this.#batch.add(source, entry, bounds, this.#placeOf(first.cursor));
    if (added === 'kept') this.linesRead++;
    else if (added === 'skipped') this.linesSkipped++;
    this.bytesCut += Math.max(0, bytes.length - MOST_LINE);
    this.#taken = cursor;
  }

  /** A cursor names the run of numbers and the number in it: `s=0639e3a1;i=4711;…`. */
  #placeOf(cursor: string): LinePlace {
    const [, run = cursor, number = '0'] = /^s=([^;]+);i=([0-9a-f]{1,12})(?:;|$)/.exec(cursor) ?? [];
    if (run !== this.#run.name) this.#run = { name: run, id: fileId(`${JOURNAL}/${run}`, 0) };
    return { file: this.#run.id, position: Number.parseInt(number, 16) };
  }

  /** Lines of several programs come mixed: what one has begun is not ended by another. */
  #secretsFor(sender: string): MaskState {
    if (sender !== this.#secretsOf && this.#secrets.keyLines > 0) return newMaskState();
    this.#secretsOf = sender;
    return this.#secrets;
  }

  #flush(): void {
    if (this.#batch.rows === 0 || this.#taken === undefined) return;
    const { keyLines } = this.#secrets;
    const secrets = keyLines > 0 ? { keyLines, sender: this.#secretsOf } : undefined;
    const position: Position = { key: JOURNAL, path: JOURNAL, offset: 0, head: NOTHING, tail: NOTHING, skipping: false, cursor: this.#taken, ...secrets };
    try {
      this.#deliver(this.#batch, [position]);
      this.#cursor = this.#taken;
      this.#keptSecrets = secrets ?? { keyLines: 0, sender: '' };
    } catch (error) {
      this.#batch.discard();
      this.#options.failures.read(JOURNAL, error, Date.now());
      this.#broken = true;
      this.#child?.kill('SIGTERM');
      this.#child?.stdout?.resume();
    }
    this.#taken = undefined;
  }
}

const NEWLINE = Buffer.from('\n');
/** Of a message of several lines the first one tells whether it goes on with another. */
const lineEnd = (message: Buffer): number => {
  const at = message.indexOf(10);
  return at === -1 ? message.length : at;
};
