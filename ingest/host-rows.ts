// Rows whose column `host` names one that is refused, or for which their sender has no place: which are marked to be dropped. A host is asked for once
// where it follows itself.
import { type Batch, columnIndex, isPresent, textAt } from '../core/batch/batch.ts';
import { sameText } from '../core/batch/same-bytes.ts';

/** `given`: marks of rows that are dropped anyway, and name nothing; `judge`: the mark of a host, 0 where it may be named. Returns the same where none was added. */
export const markHosts = (batch: Batch, given: Uint8Array | undefined, judge: (host: string) => number): Uint8Array | undefined => {
  const column = batch.columns[columnIndex(batch, 'host')];
  if (column?.layout !== 'text' && column?.layout !== 'dictionary') return given;
  const texts = column.layout === 'text' ? column : column.dictionary;
  let marks = given;
  let before = -1;
  let mark = 0;
  for (let row = 0; row < batch.length; row++) {
    if ((given?.[row] ?? 0) !== 0 || !isPresent(column, row)) continue;
    const at = column.layout === 'text' ? row : (column.indices[row] as number);
    if (before === -1 || (at !== before && !sameText(texts, at, texts, before))) mark = judge(textAt(texts, at));
    before = at;
    if (mark === 0) continue;
    marks ??= new Uint8Array(batch.length);
    marks[row] = mark;
  }
  return marks;
};
