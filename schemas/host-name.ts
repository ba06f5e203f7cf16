// Names of hosts and senders as people see and type them: what makes one that nobody can tell from another, or type at all.
// Which names an agent may join under is narrower (`join-token.ts`).

/** Turned, hidden or ended by these, or seen as nothing: controls, marks of direction and format, ends of lines, letters that are blank. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\u115f\u1160\u2800\u3164\uffa0]/u;

/** What is wrong with it; undefined where nothing is. One that is empty is none. */
export const nameOffence = (name: string): string | undefined => {
  if (name.trim() !== name) return 'it begins or ends with a blank';
  return UNSEEN.test(name) ? 'it has characters that cannot be seen' : undefined;
};
