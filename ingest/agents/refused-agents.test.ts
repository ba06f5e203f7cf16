// Who is told as refused and who is not, on a clock of its own.
import { expect, test } from 'vitest';
import { ERRORS, type ErrorCode } from '../../core/errors.ts';
import { RefusedAgents } from './refused-agents.ts';

const error = (code: ErrorCode) => ({ code, message: `because of ${code}` });
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

/** What passes by itself, proves nothing of who it is, is told elsewhere, or is the server's own: of its stores and of its clock. */
const PASSING: readonly ErrorCode[] = [
  ...(Object.keys(ERRORS) as ErrorCode[]).filter((code) => /^(stream|columns|records|store|pipeline)\./.test(code)),
  ...(['agent.nonce', 'agent.proof', 'agent.request', 'agent.session', 'agent.unknown'] as const),
  ...(['intake.busy', 'intake.clock', 'intake.cloned', 'intake.cut', 'intake.full', 'intake.quota', 'intake.slow'] as const),
];

test('what is not the agent’s own fault, or proves nothing of who it is, is not noted; a clock that is set back keeps nobody', () => {
  expect(PASSING).toContain('stream.unavailable');
  let now = 1_000_000_000;
  const refused = new RefusedAgents(() => now);
  for (let i = 0; i < 3; i++, now += 120_000) for (const code of PASSING) refused.note('a', error(code));
  expect(names(refused)).toEqual([]);
  refused.note('b', error('intake.host'));
  now -= 86_400_000;
  expect(names(refused)).toEqual([]);
});
