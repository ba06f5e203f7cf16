// Texts that a host gives us, held to what the door takes (`ingest/rules.ts` there): one odd value must never cost a whole frame.
import { createHash } from 'node:crypto';

/** At most so many characters, each a whole one and none a zero byte; a character takes at most three bytes for each counted here. */
export const bounded = (text: string, most: number): string => {
  const cut = text.length > most ? text.slice(0, most) : text;
  return (cut.includes('\0') ? cut.replaceAll('\0', '\uFFFD') : cut).toWellFormed();
};

/** The same for what tells things apart: what was cut stays distinct by a hash of the whole at its end. */
export const boundedName = (text: string, most: number): string =>
  text.length <= most ? bounded(text, most) : `${bounded(text, most - 17)}…${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
