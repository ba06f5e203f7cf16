// The JVMs among the processes of a host, looked at once a pass: what each keeps of itself for others to read. It asks nothing of them, so what
// they write down at a collection only is as of then. A Java process that keeps nothing, or that the agent may not look at, is told as such.
import { setImmediate as breathe } from 'node:timers/promises';
import type { Batch, Value } from '../../core/batch/batch.ts';
import { ColumnBuilder } from '../../core/batch/build.ts';
import { SIGNAL_FIELDS } from '../../schemas/tables.ts';
import type { HostFiles } from '../host-files.ts';
import type { Mask } from '../mask/mask.ts';
import { processArguments } from '../processes/process-arguments.ts';
import { parseProcessStat } from '../processes/process-stat.ts';
import type { SeenProcess } from '../processes/process-table.ts';
import { TextBudget } from '../text-budget.ts';
import { type JvmFigures, jvmFigures } from './figures.ts';
import { type JvmArguments, jvmArguments } from './jvm-arguments.ts';
import { parsePerfData } from './perf-data.ts';
import { PerfFiles } from './perf-files.ts';
import { RisingNumbers } from './rising-numbers.ts';

export interface JvmTableOptions {
  readonly files: HostFiles;
  readonly host: string;
  readonly mask: Mask;
  /** Called with what could not be read and why. */
  readonly leftOut: (what: string) => void;
}

/** What is known of a JVM from one pass to the next. */
interface Known {
  readonly start: number;
  readonly counters: RisingNumbers;
  /** Of its texts so, the arguments. */
  told: { readonly command: string; readonly options: string; readonly as: JvmArguments } | undefined;
}

const MOST_JVMS = 1000;
const MOST_ARGUMENTS = 256 << 10;
const MOST_TEXTS = 2 << 20;
const BREATHE_EVERY = 20;
/** A JVM makes its file within so long, ms. */
const STARTING_MS = 5000;
/** Clocks are set. */
const AHEAD_MS = 60_000;

export class JvmTable {
  readonly #options: JvmTableOptions;
  readonly #perf: PerfFiles;
  readonly #texts = new TextBudget(MOST_TEXTS);
  #known = new Map<number, Known>();

  constructor(options: JvmTableOptions) {
    this.#options = options;
    this.#perf = new PerfFiles(options.files, options.leftOut);
  }

  /** One row a JVM of those processes, all of one time; lets other work run in between. */
  async sample(now: number, processes: Iterable<SeenProcess>): Promise<Batch> {
    this.#perf.begin();
    this.#texts.begin();
    const fields = SIGNAL_FIELDS.jvm;
    const columns = fields.map((f) => new ColumnBuilder(f.type));
    const seen = new Map<number, Known>();
    let rows = 0;
    let looked = 0;
    for (const process of processes) {
      const before = this.#known.get(process.pid);
      const known = before?.start === process.start ? before : undefined;
      const found = await this.#find(process, known, now);
      if (found !== undefined && rows >= MOST_JVMS) {
        this.#options.leftOut(`JVMs beyond the first ${MOST_JVMS}`);
        break;
      }
      if (found !== undefined) {
        if (found.known !== undefined) seen.set(process.pid, found.known);
        const row = found.row;
        for (let i = 0; i < row.length; i++) (columns[i] as ColumnBuilder).append(row[i] as Value);
        rows++;
      }
      if (++looked % BREATHE_EVERY === 0) await breathe();
    }
    this.#known = seen;
    return { length: rows, fields, columns: columns.map((c) => c.finish()) };
  }

  /** Undefined where it is no JVM as far as can be told. */
  async #find(process: SeenProcess, known: Known | undefined, now: number): Promise<{ readonly row: readonly Value[]; readonly known?: Known } | undefined> {
    const bytes = await this.#perf.read(process, known !== undefined);
    if (typeof bytes === 'string') {
      const isJvm = known !== undefined || (process.name === 'java' && !isStarting(process, now));
      if (!isJvm) return undefined;
      if (bytes === 'denied') this.#options.leftOut('what other users’ JVMs keep of themselves');
      return { row: this.#row(process, now, bytes), ...(known === undefined ? {} : { known }) };
    }
    const perf = parsePerfData(bytes);
    // What has its number by now is another.
    if (parseProcessStat(this.#options.files.text(`/proc/${process.pid}/stat`) ?? '')?.started !== process.started) return undefined;
    const jvm = known ?? { start: process.start, counters: new RisingNumbers(), told: undefined };
    if (perf === undefined) return isStarting(process, now) ? undefined : { row: this.#row(process, now, 'damaged'), known: jvm };
    const [command, options] = ['sun.rt.javaCommand', 'java.rt.vmArgs'].map((name) => String(perf.get(name) ?? '')) as [string, string];
    if (jvm.told?.command !== command || jvm.told.options !== options) {
      const given = processArguments(this.#options.files, process.pid, MOST_ARGUMENTS);
      jvm.told = { command, options, as: jvmArguments(command, options, given, this.#options.mask) };
    }
    return { row: this.#row(process, now, 'read', jvm.told.as, rising(jvmFigures(perf), jvm.counters)), known: jvm };
  }

  #row({ pid, start, user }: SeenProcess, now: number, state: string, told?: JvmArguments, figures?: JvmFigures): readonly Value[] {
    const text = (of: string | undefined): Value => (of === undefined || of === '' ? null : this.#texts.take(of));
    const last = figures?.last;
    return [
      BigInt(now),
      this.#options.host,
      pid,
      BigInt(start),
      user,
      state,
      text(told?.main),
      text(told?.arguments),
      text(told?.options),
      text(figures?.version),
      whole(figures?.used),
      whole(figures?.committed),
      whole(figures?.max),
      figures?.utilization ?? null,
      figures?.pools ?? null,
      text(figures?.collector),
      whole(figures?.count),
      figures?.time ?? null,
      last === undefined || last > now + AHEAD_MS ? null : BigInt(last),
      figures?.counts ?? null,
      figures?.times ?? null,
      figures?.threads ?? null,
      figures?.daemons ?? null,
      whole(figures?.classes),
      whole(figures?.safepoints),
      figures?.safepointTime ?? null,
      figures?.safepointSync ?? null,
      // Known only of who is asked.
      null,
    ];
  }
}

const isStarting = ({ start }: SeenProcess, now: number): boolean => now >= start && now - start < STARTING_MS;

const whole = (n: number | undefined): bigint | null => (n === undefined || !Number.isSafeInteger(n) ? null : BigInt(n));

/** Without what counts and has gone back. */
const rising = (figures: JvmFigures, counters: RisingNumbers): JvmFigures => ({
  ...figures,
  count: counters.next('count', figures.count),
  time: counters.next('time', figures.time),
  safepoints: counters.next('safepoints', figures.safepoints),
  safepointTime: counters.next('safepoint time', figures.safepointTime),
  safepointSync: counters.next('safepoint sync', figures.safepointSync),
  counts: counters.nextOf('count of', figures.counts),
  times: counters.nextOf('time of', figures.times),
});
