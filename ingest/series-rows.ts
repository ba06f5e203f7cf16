// Rows of definitions and of samples against the series of their sender: which are marked to be dropped, and why.
// Works by column; a sample is looked up by the words of its id, a definition is hashed once.
import { type Batch, columnOf, type FixedColumn, valueAt } from '../core/batch/batch.ts';
import { highOf, joined, lowOf, wordsOf } from '../core/batch/words.ts';
import { DefinitionRows } from '../schemas/definition-rows.ts';
import type { SampleSet } from '../schemas/sample-set.ts';
import { type Authority, mustSpeakFor } from './authority.ts';
import type { NameVerdict } from './name-quota.ts';
import { LABEL_NAME_BYTES, LABEL_VALUE_BYTES } from './rules.ts';
import type { SampleMarks, SenderSeries } from './sender-series.ts';
import type { SeriesHosts } from './series-hosts.ts';
import type { SeriesTables } from './series-tables.ts';
import { type DropReason, REASONS } from './times.ts';

const markOf = (reason: DropReason): number => REASONS.indexOf(reason) + 1;
const MISSING = markOf('undefined');
const MARKS: SampleMarks = { over: markOf('series-limit') };
/** There may be a place in another hour. */
const PASSING: ReadonlySet<number> = new Set([markOf('host-limit'), markOf('metric-limit'), markOf('label-limit')]);

export interface JudgedDefinitions {
  /** See REASONS. */
  readonly marks: Uint8Array | undefined;
  /** The first label that is refused, of each reason that is one of labels. */
  readonly labels: ReadonlyMap<DropReason, string>;
}

/** What is asked of each definition beside its id. */
export interface NameJudges {
  /** The mark of a host, 0 where it may be named. */
  readonly host: (host: string) => number;
  readonly names: (name: string, labels: readonly string[]) => NameVerdict;
}

/** Each id must be that of its definition, and no two definitions may share one: the first offence instead. */
export const judgeDefinitions = (
  batch: Batch,
  sender: string,
  own: SenderSeries,
  tables: Pick<SeriesTables, 'identify' | 'noteDefinition' | 'hosts'>,
  judges: NameJudges,
): JudgedDefinitions | { readonly row: number; readonly reason: string } => {
  const ids = (columnOf(batch, 'id') as FixedColumn).values as BigUint64Array;
  const rows = new DefinitionRows(batch);
  let marks: Uint8Array | undefined;
  const labels = new Map<DropReason, string>();
  const mark = (row: number, as: number): void => {
    marks ??= new Uint8Array(batch.length);
    marks[row] = as;
  };
  const refuse = (row: number, as: number, label?: string): void => {
    const id = ids[row] as bigint;
    if (PASSING.has(as)) own.refuseNow(id, as);
    else own.refuse(id, as);
    mark(row, as);
    const reason = REASONS[as - 1] as DropReason;
    if (label !== undefined && !labels.has(reason)) labels.set(reason, label);
  };
  for (let row = 0; row < batch.length; row++) {
    const given = ids[row] as bigint;
    const { id, print } = tables.identify(rows.identity(row));
    if (id !== given) return { row, reason: `it is ${given}, the name and the labels of the row give ${id}` };
    const reserved = rows.labels.reserved(row);
    if (reserved !== undefined) {
      refuse(row, markOf('label-name'), reserved);
      continue;
    }
    const longer = rows.labels.longer(row, LABEL_NAME_BYTES, LABEL_VALUE_BYTES);
    if (longer !== undefined) {
      refuse(row, markOf('label-size'), longer);
      continue;
    }
    const host = rows.labels.host(row);
    const hostMark = judges.host(host);
    if (hostMark !== 0) {
      refuse(row, hostMark);
      continue;
    }
    // Those that are known have their places.
    const over = own.isDefined(lowOf(id), highOf(id)) ? undefined : judges.names(rows.names.at(row), rows.labels.names(row));
    if (over !== undefined) {
      refuse(row, markOf(over.limit), over.limit === 'label-limit' ? over.label : undefined);
      continue;
    }
    const verdict = own.define(id, print, host);
    if (verdict === 'collision') return { row, reason: `${given} means another name and other labels already` };
    if (verdict !== 'over') {
      tables.hosts.note(id, host);
      continue;
    }
    tables.noteDefinition(sender, rows.names.at(row), valueAt(columnOf(batch, 'labels'), row) as ReadonlyMap<string, string>);
    mark(row, MARKS.over);
  }
  return { marks, labels };
};

/**
 * Of samples that are not `marked` already; see `SenderSeries.meetSamples`. Those of a series that nobody has defined are marked too.
 * Throws `intake.host` for those of another host's series, whoever defined it and when: the host may have joined since.
 */
export const judgeSamples = (
  batch: Batch,
  own: SenderSeries,
  marked: Uint8Array | undefined,
  hosts: SeriesHosts,
  authority: Authority | undefined,
): ReturnType<SenderSeries['meetSamples']> => {
  const set = setOf(batch);
  const judged = own.meetSamples(set, marked, MARKS);
  if (authority === undefined || (!judged.undefined && own.isWithin(authority))) return judged;
  const ids = wordsOf(set.id);
  let { marks } = judged;
  for (let row = 0; row < batch.length; row++) {
    const [low, high] = [ids[row * 2] as number, ids[row * 2 + 1] as number];
    const host = own.hostOf(low, high) ?? hosts.hostOf(low, high);
    if (host === undefined && own.isMissing(low, high)) {
      if (marks === undefined || marks === marked) marks = marked?.slice() ?? new Uint8Array(batch.length);
      marks[row] ||= MISSING;
    } else if (host !== undefined && host !== '') mustSpeakFor(authority, host);
  }
  return { ...judged, marks };
};

const setOf = (batch: Batch): SampleSet => ({
  metric: ((columnOf(batch, 'metric') as FixedColumn).values as Uint32Array).subarray(0, batch.length),
  id: ((columnOf(batch, 'id') as FixedColumn).values as BigUint64Array).subarray(0, batch.length),
});

/** Two words each. */
const idsOf = (batch: Batch): Uint32Array => wordsOf(setOf(batch).id);

/** Id → metric of those samples that go on, of whose series this door was told by nobody and nothing was found. */
export const undefinedIn = (batch: Batch, marks: Uint8Array | undefined, own: SenderSeries, hosts: SeriesHosts): ReadonlyMap<bigint, number> => {
  const ids = idsOf(batch);
  const metrics = (columnOf(batch, 'metric') as FixedColumn).values;
  const found = new Map<bigint, number>();
  for (let row = 0; row < batch.length; row++) {
    const [low, high] = [ids[row * 2] as number, ids[row * 2 + 1] as number];
    if ((marks?.[row] ?? 0) === 0 && own.hostOf(low, high) === undefined && hosts.hostOf(low, high) === undefined)
      found.set(joined(low, high), Number(metrics[row]));
  }
  return found;
};

/** `marks` and those samples whose series are missing. */
export const markMissing = (batch: Batch, marks: Uint8Array | undefined, missing: ReadonlySet<bigint>): Uint8Array => {
  const ids = (columnOf(batch, 'id') as FixedColumn).values as BigUint64Array;
  const out = marks?.slice() ?? new Uint8Array(batch.length);
  for (let row = 0; row < batch.length; row++) if (missing.has(ids[row] as bigint)) out[row] ||= MISSING;
  return out;
};
