// Errors of saved queries.
import { entry } from './entry.ts';

export const SAVED_ERRORS = {
  'saved.value': entry(
    (p: { what: string; reason: string }) => `the ${p.what} cannot be saved: ${p.reason}`,
    { what: 'name', reason: 'it has 300 characters, the limit is 200' },
    'The message says what it may be. Names are names of IQL, so that other texts can use them: `team.errors`.',
  ),
  'saved.unknown': entry(
    (p: { name: string }) => `there is no saved query ${p.name}`,
    { name: 'team.errors' },
    'It was renamed or deleted meanwhile: the list of saved queries has those that are there. What you have can be saved as a new one.',
  ),
  'saved.taken': entry(
    (p: { name: string }) => `a saved query is named ${p.name} already`,
    { name: 'team.errors' },
    'Choose another name, or rename the other one first.',
  ),
  'saved.too-many': entry(
    (p: { limit: number }) => `there are ${p.limit} saved queries, the most that are kept`,
    { limit: 1000 },
    'Delete some that nobody uses.',
  ),
};
