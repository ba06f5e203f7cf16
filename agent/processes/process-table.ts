// Every process of the host, looked at once a pass: rates are of the span since the pass before, missing where there was none.
// A process that vanishes while it is read is left out; what belongs to others and may not be read is missing, and named once.
import { readFileSync } from 'node:fs';
import { setImmediate as breathe } from 'node:timers/promises';
import type { Batch, Value } from '../../core/batch/batch.ts';
import { ColumnBuilder } from '../../core/batch/build.ts';
import { SIGNAL_FIELDS } from '../../schemas/tables.ts';
import type { HostFiles } from '../host-files.ts';
import type { Mask } from '../mask/mask.ts';
import { TextBudget } from '../text-budget.ts';
import { processArguments } from './process-arguments.ts';
import { type ProcessStat, parseProcessStat } from './process-stat.ts';
import { Users } from './users.ts';

/** A process as the last pass found it. */
export interface SeenProcess {
  readonly pid: number;
  /** When it began, in ticks since the system did, and in ms since 1970. */
  readonly started: number;
  readonly start: number;
  readonly name: string;
  readonly user: string;
  /** Effective. */
  readonly uid: number;
  /** Its number as it knows it itself, in a container. */
  readonly ownPid: number;
}

interface Known extends SeenProcess {
  name: string;
  command: string;
  user: string;
  uid: number;
  ownPid: number;
  ticks: number;
  read: number | undefined;
  written: number | undefined;
  /** Its files and disk traffic may not be looked at. */
  denied: boolean;
  /** Passes until user and command are read again: a program may change both. */
  fresh: number;
  seen: number;
}

export interface ProcessTableOptions {
  readonly files: HostFiles;
  readonly host: string;
  /** When the system began, in ms since 1970; the same in every run of the agent, for it is part of a process's identity. */
  readonly systemStart: number;
  readonly mask: Mask;
  /** Called with what could not be read and why. */
  readonly leftOut: (what: string) => void;
}

const TICK_MS = 10;
const MOST_PROCESSES = 32_768;
const MOST_COMMAND = 4096;
const MOST_COMMANDS = 4 << 20;
const BREATHE_EVERY = 100;
const FRESH_PASSES = 20;
const IS_NUMBER = /^\d+$/;

export class ProcessTable {
  readonly #files: HostFiles;
  readonly #options: ProcessTableOptions;
  readonly #users: Users;
  readonly #known = new Map<number, Known>();
  /** From Linux 6.2 on the size of the folder is the number of open files; before, it is 0. */
  readonly #countBySize: boolean;
  readonly #page = pageSize();
  #pass = 0;
  #timeBefore = 0;
  readonly #commands = new TextBudget(MOST_COMMANDS);

  constructor(options: ProcessTableOptions) {
    this.#options = options;
    this.#files = options.files;
    this.#users = new Users(options.files);
    // Our own process always has some.
    this.#countBySize = (options.files.stat('/proc/self/fd')?.size ?? 0) > 0;
  }

  /** One row a process, all of one time; lets other work run in between. */
  async sample(now: number): Promise<Batch> {
    this.#pass++;
    this.#commands.begin();
    this.#users.refresh();
    const fields = SIGNAL_FIELDS.processes;
    const columns = fields.map((f) => new ColumnBuilder(f.type));
    const time = BigInt(now);
    const span = this.#timeBefore === 0 ? 0 : now - this.#timeBefore;
    let rows = 0;
    let looked = 0;
    for (const entry of this.#files.list('/proc')) {
      if (!IS_NUMBER.test(entry)) continue;
      if (rows >= MOST_PROCESSES) {
        this.#options.leftOut(`processes beyond the first ${MOST_PROCESSES}`);
        break;
      }
      const pid = Number(entry);
      if (this.#sampleOne(pid, now, time, span, columns)) rows++;
      if (++looked % BREATHE_EVERY === 0) await breathe();
    }
    for (const [pid, known] of this.#known) if (known.seen !== this.#pass) this.#known.delete(pid);
    this.#timeBefore = now;
    return { length: rows, fields, columns: columns.map((c) => c.finish()) };
  }

  /** Those of the last sample. */
  seen(): Iterable<SeenProcess> {
    return this.#known.values();
  }

  #sampleOne(pid: number, now: number, time: bigint, span: number, columns: readonly ColumnBuilder[]): boolean {
    const folder = `/proc/${pid}`;
    const stat = parseProcessStat(this.#files.text(`${folder}/stat`) ?? '');
    if (stat === undefined) return false;
    const start = this.#options.systemStart + stat.started * TICK_MS;
    let known = this.#known.get(pid);
    const before = known !== undefined && known.started === stat.started ? known : undefined;
    if (before === undefined) {
      known = {
        ...{ pid, started: stat.started, start, name: '', command: '', user: '', uid: -1, ownPid: pid },
        ...{ ticks: 0, read: undefined, written: undefined, denied: false, fresh: 0, seen: 0 },
      };
      this.#known.set(pid, known);
    } else known = before;
    if (known.fresh-- <= 0 || known.name !== stat.name) {
      if (!this.#describe(folder, stat, known)) {
        this.#known.delete(pid);
        return false;
      }
      // A daemon often takes its final user and title just after it began.
      known.fresh = before === undefined ? 1 : FRESH_PASSES;
    }
    // One that began since the last pass has used all its time since then.
    const spent = before !== undefined ? span : span > 0 && now - start <= span + 1000 ? now - start : 0;
    const cpu = spent > 0 ? Math.max(0, Math.round((((stat.ticks - known.ticks) * TICK_MS) / spent) * 10_000) / 10_000) : null;
    known.ticks = stat.ticks;
    known.seen = this.#pass;
    const openFiles = this.#countBySize ? this.#files.stat(`${folder}/fd`)?.size : known.denied ? undefined : this.#countFiles(folder, known);
    const io = known.denied ? undefined : this.#io(folder, known);
    const row: readonly Value[] = [
      time,
      this.#options.host,
      pid,
      BigInt(start),
      stat.parent,
      stat.name,
      this.#commands.take(known.command),
      known.user,
      stat.state,
      cpu,
      BigInt(stat.residentPages * this.#page),
      BigInt(stat.virtualMemory),
      stat.threads,
      openFiles ?? null,
      perSecond(io?.read, before?.read, span),
      perSecond(io?.written, before?.written, span),
    ];
    known.read = io?.read;
    known.written = io?.written;
    for (let i = 0; i < row.length; i++) (columns[i] as ColumnBuilder).append(row[i] as Value);
    return true;
  }

  #describe(folder: string, stat: ProcessStat, known: Known): boolean {
    const status = this.#files.ascii(`${folder}/status`);
    const effective = /^Uid:\s+\d+\s+(\d+)/m.exec(status ?? '')?.[1];
    if (effective === undefined) return false;
    const command = this.#options.mask.command(processArguments(this.#files, known.pid, MOST_COMMAND)).trimEnd();
    known.name = stat.name;
    known.uid = Number(effective);
    known.ownPid = Number(/^NSpid:.*?(\d+)$/m.exec(status ?? '')?.[1] ?? known.pid);
    known.user = this.#users.name(known.uid);
    known.command = command === '' ? `[${stat.name}]` : command;
    known.denied = false;
    return true;
  }

  #countFiles(folder: string, known: Known): number | undefined {
    this.#files.failure = 'missing';
    const names = this.#files.list(`${folder}/fd`);
    if (this.#files.failure === 'missing') return names.length;
    this.#deny(known, 'open files');
    return undefined;
  }

  #io(folder: string, known: Known): { readonly read: number; readonly written: number } | undefined {
    const text = this.#files.ascii(`${folder}/io`);
    if (text === undefined) {
      if (this.#files.failure === 'denied') this.#deny(known, 'disk traffic');
      return undefined;
    }
    const read = /^read_bytes: (\d+)/m.exec(text)?.[1];
    const written = /^write_bytes: (\d+)/m.exec(text)?.[1];
    return read === undefined || written === undefined ? undefined : { read: Number(read), written: Number(written) };
  }

  #deny(known: Known, what: string): void {
    known.denied = true;
    this.#options.leftOut(`${what} of other users’ processes`);
  }
}

/** Of the kernel, from its note to every program (AT_PAGESZ in https://man7.org/linux/man-pages/man3/getauxval.3.html). */
const pageSize = (): number => {
  try {
    const notes = readFileSync('/proc/self/auxv');
    for (let at = 0; at + 16 <= notes.length; at += 16) if (notes.readBigUInt64LE(at) === 6n) return Number(notes.readBigUInt64LE(at + 8));
  } catch {
    // As on most machines, then.
  }
  return 4096;
};

const perSecond = (now: number | undefined, before: number | undefined, spanMs: number): number | null =>
  now === undefined || before === undefined || spanMs <= 0 ? null : Math.max(0, Math.round(((now - before) / spanMs) * 1000));
