// Who is told as refused and who is not, on a clock of its own.
import { expect, test } from 'vitest';
import { RefusedAgents } from './refused-agents.ts';

const error = (code: string) => ({ code, message: `because of ${code}` }) as Parameters<RefusedAgents['note']>[1];
const names = (refused: RefusedAgents): readonly string[] => refused.standing.map(({ agent }) => agent);

test('who is refused again and again for a minute stands still, until it is taken or tries no more', () => {
  let now = 1_000_000_000;
  const refused = new RefusedAgents(() => now);
  refused.note('a', error('intake.future-run'));
  expect(names(refused)).toEqual([]);
  now += 61_000;
  refused.note('a', error('intake.host'));
  refused.note('b', error('agent.revoked'));
  expect(refused.standing).toMatchObject([{ agent: 'a', since: now - 61_000, code: 'intake.host', message: 'because of intake.host' }]);
  now += 120_000;
  refused.note('b', error('agent.revoked'));
  expect(names(refused)).toEqual(['a', 'b']);
  refused.taken('a');
  expect(names(refused)).toEqual(['b']);
  now += 601_000;
  expect(names(refused)).toEqual([]);
  // It comes back after an hour, and is refused anew.
  refused.note('b', error('agent.revoked'));
  expect(names(refused)).toEqual([]);
});

test('what passes by itself, or proves nothing of who it is, is not noted; a clock that is set back keeps nobody', () => {
  let now = 1_000_000_000;
  const refused = new RefusedAgents(() => now);
  for (let i = 0; i < 3; i++, now += 120_000) for (const code of ['intake.busy', 'stream.full', 'agent.proof', 'agent.session']) refused.note('a', error(code));
  expect(names(refused)).toEqual([]);
  refused.note('b', error('intake.host'));
  now -= 86_400_000;
  expect(names(refused)).toEqual([]);
});
