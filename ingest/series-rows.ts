// Rows of definitions and of samples against the series of their sender: which are marked to be dropped, and why.
// Works by column; a sample is looked up by the words of its id, a definition is hashed once.
import { type Batch, columnOf, type FixedColumn, valueAt } from '../core/batch/batch.ts';
import { joined, wordsOf } from '../core/batch/words.ts';
import { DefinitionRows } from '../schemas/definition-rows.ts';
import type { SampleSet } from '../schemas/sample-set.ts';
import { type Authority, mustSpeakFor } from './authority.ts';
import type { SampleMarks, SenderSeries } from './sender-series.ts';
import type { SeriesHosts } from './series-hosts.ts';
import type { SeriesTables } from './series-tables.ts';
import { REASONS } from './times.ts';

const MISSING = REASONS.indexOf('undefined') + 1;
const MARKS: SampleMarks = {
  over: REASONS.indexOf('series-limit') + 1,
  refused: REASONS.indexOf('label-name') + 1,
  hostOver: REASONS.indexOf('host-limit') + 1,
};

export interface JudgedDefinitions {
  /** See REASONS. */
  readonly marks: Uint8Array | undefined;
  /** The first label that is refused by its name. */
  readonly label: string | undefined;
}

/** Each id must be that of its definition, and no two definitions may share one: the first offence instead. `mayName`: whether the host has a place. */
export const judgeDefinitions = (
  batch: Batch,
  sender: string,
  own: SenderSeries,
  tables: Pick<SeriesTables, 'identify' | 'noteDefinition' | 'hosts'>,
  mayName: (host: string) => boolean,
): JudgedDefinitions | { readonly row: number; readonly reason: string } => {
  const ids = (columnOf(batch, 'id') as FixedColumn).values as BigUint64Array;
  const rows = new DefinitionRows(batch);
  let marks: Uint8Array | undefined;
  let label: string | undefined;
  const mark = (row: number, as: number): void => {
    marks ??= new Uint8Array(batch.length);
    marks[row] = as;
  };
  for (let row = 0; row < batch.length; row++) {
    const given = ids[row] as bigint;
    const { id, print } = tables.identify(rows.identity(row));
    if (id !== given) return { row, reason: `it is ${given}, the name and the labels of the row give ${id}` };
    const reserved = rows.labels.reserved(row);
    if (reserved !== undefined) {
      own.refuse(id);
      mark(row, MARKS.refused);
      label ??= reserved;
      continue;
    }
    const host = rows.labels.host(row);
    if (!mayName(host)) {
      own.refuseHost(id);
      mark(row, MARKS.hostOver);
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
  return { marks, label };
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
