// Rows of definitions and of samples against the series of their sender: which are marked to be dropped, and why.
// Works by column; a sample is looked up by the words of its id, a definition is hashed once.
import { type Batch, columnOf, type FixedColumn, valueAt } from '../core/batch/batch.ts';
import { joined, wordsOf } from '../core/batch/words.ts';
import { type Authority, mustSpeakFor } from './authority.ts';
import type { SampleMarks, SenderSeries } from './sender-series.ts';
import type { SeriesHosts } from './series-hosts.ts';
import type { SeriesTables } from './series-tables.ts';
import { REASONS } from './times.ts';

const MARKS: SampleMarks = { over: REASONS.indexOf('series-limit') + 1, refused: REASONS.indexOf('label-name') + 1 };

export interface JudgedDefinitions {
  /** See REASONS. */
  readonly marks: Uint8Array | undefined;
  /** The first label that is refused by its name. */
  readonly label: string | undefined;
}

/** Each id must be that of its definition, and no two definitions may share one: the first offence instead. */
export const judgeDefinitions = (
  batch: Batch,
  sender: string,
  own: SenderSeries,
  tables: Pick<SeriesTables, 'identify' | 'noteDefinition' | 'hosts'>,
): JudgedDefinitions | { readonly row: number; readonly reason: string } => {
  const [ids, names, labels] = [columnOf(batch, 'id'), columnOf(batch, 'name'), columnOf(batch, 'labels')];
  let marks: Uint8Array | undefined;
  let label: string | undefined;
  const mark = (row: number, as: number): void => {
    marks ??= new Uint8Array(batch.length);
    marks[row] = as;
  };
  for (let row = 0; row < batch.length; row++) {
    const given = valueAt(ids, row) as bigint;
    const [name, its] = [valueAt(names, row) as string, valueAt(labels, row) as ReadonlyMap<string, string>];
    const { id, print } = tables.identify(name, its);
    if (id !== given) return { row, reason: `it is ${given}, the name and the labels of the row give ${id}` };
    // The platform names its own columns so.
    const refused = its.keys().find((key) => key.startsWith('#'));
    if (refused !== undefined) {
      own.refuse(id);
      mark(row, MARKS.refused);
      label ??= refused;
      continue;
    }
    const verdict = own.define(id, print);
    if (verdict === 'collision') return { row, reason: `${given} means another name and other labels already` };
    if (verdict === 'new') tables.hosts.note(id, its.get('host') ?? '');
    if (verdict !== 'over') continue;
    tables.noteDefinition(sender, name, its);
    mark(row, MARKS.over);
  }
  return { marks, label };
};

/** Of samples that are not `marked` already; see `SenderSeries.meetSamples`. Throws `intake.host` for those of another host's series. */
export const judgeSamples = (
  batch: Batch,
  own: SenderSeries,
  marked: Uint8Array | undefined,
  hosts: SeriesHosts,
  authority: Authority | undefined,
): ReturnType<SenderSeries['meetSamples']> => {
  const ids = wordsOf((columnOf(batch, 'id') as FixedColumn).values as BigUint64Array).subarray(0, batch.length * 2);
  const judged = own.meetSamples(ids, marked, MARKS);
  // What the sender defined itself it may send: its definitions were held against its hosts.
  if (authority === undefined || !judged.undefined) return judged;
  for (let at = 0; at < ids.length; at += 2) {
    const [low, high] = [ids[at] as number, ids[at + 1] as number];
    const host = own.isDefined(low, high) ? '' : (hosts.hostOf(low, high) ?? '');
    if (host !== '') mustSpeakFor(authority, host);
  }
  return judged;
};

/** Those of the samples whose definition this door was told by nobody. */
export const undefinedIn = (batch: Batch, own: SenderSeries, hosts: SeriesHosts): ReadonlyMap<bigint, number> => {
  const ids = wordsOf((columnOf(batch, 'id') as FixedColumn).values as BigUint64Array);
  const metrics = (columnOf(batch, 'metric') as FixedColumn).values;
  const found = new Map<bigint, number>();
  for (let row = 0; row < batch.length; row++) {
    const [low, high] = [ids[row * 2] as number, ids[row * 2 + 1] as number];
    if (!own.isDefined(low, high) && hosts.hostOf(low, high) === undefined) found.set(joined(low, high), Number(metrics[row]));
  }
  return found;
};
