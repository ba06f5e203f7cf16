// What is chosen of the dead letters, and what became of it, in words. Pure.
import type { Letter, LetterGroup, ReplayedLetters } from '../data/types.ts';

/** As the server takes it: named ones, or all that wait and fit. */
export interface Wish {
  readonly ids?: readonly string[];
  readonly stage?: string;
  readonly reason?: string;
  readonly topic?: string;
}

export interface Choice {
  readonly wish: Wish;
  readonly letters: number;
  readonly rows: number;
}

export const ofLetter = ({ id, rows }: Letter): Choice => ({ wish: { ids: [id] }, letters: 1, rows });
/** All of a kind; those that come meanwhile are of it too. */
export const ofGroup = ({ stage, reason, topic, letters, rows }: LetterGroup): Choice => ({ wish: { stage, reason, topic }, letters, rows });

const counted = (count: number, word: string): string => `${count.toLocaleString('en')} ${word}${count === 1 ? '' : 's'}`;

export const choiceText = ({ letters, rows }: Choice): string => `${counted(letters, 'letter')} with ${counted(rows, 'row')}`;

/** One sentence for each thing that matters. */
export const replayedText = ({ replayed, droppedRows, refused, isMore }: ReplayedLetters): string => {
  const said = [`${counted(replayed, 'letter')} put on the way again.`];
  if (droppedRows > 0) said.push(`The door drops ${counted(droppedRows, 'row')} of that today, for the age or the like.`);
  const [first] = refused;
  if (first !== undefined) said.push(`${counted(refused.length, 'letter')} stayed: ${first.reason}${refused.length > 1 ? ' (and others)' : ''}.`);
  if (isMore) said.push('More wait than are replayed at once: once more.');
  return said.join(' ');
};
