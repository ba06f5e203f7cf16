// Which messages the rows of a day's block came from, and the letters for those that the store refused.
// It works by offsets; nothing is kept for a row.
import type { MessageRows } from '../block.ts';
import type { DeadLetter, Decoded } from '../message.ts';
import type { DayBatch } from '../stages/days.ts';
import type { RefusedRow } from '../write.ts';

export const originOf = ({ origin }: DayBatch, messages: readonly Decoded[]): readonly MessageRows[] =>
  origin.map(({ index, rows }) => ({ offset: (messages[index] as Decoded).stored.offset, rows }));

export const lettersOf = (refused: readonly RefusedRow[], messages: readonly Decoded[], stage: string): readonly DeadLetter[] => {
  if (refused.length === 0) return [];
  const byOffset = new Map(messages.map(({ stored }) => [stored.offset, stored]));
  return refused.map(({ offset, value, error }): DeadLetter => {
    const message = byOffset.get(offset);
    if (message === undefined) throw new RangeError(`a row of message ${offset} in a round without it`);
    return { message, value, rows: 1, stage, reason: 'refused-row', error };
  });
};
