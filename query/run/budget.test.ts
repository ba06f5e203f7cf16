// What a run holds without need goes where room is wanted, whoever wants it; only then is anything refused.
import { expect, test } from 'vitest';
import { Budget, Pool } from './budget.ts';

const limits = { rows: 100, bytes: 100 };

test('what is spare goes before anything is refused, and comes to nothing where there is no room for it', () => {
  const budget = new Budget(limits);
  const gone: string[] = [];
  const [first, second] = ['first', 'second'].map((name) => budget.spare(() => void gone.push(name)));
  expect([first?.hold(40), second?.hold(40), second?.hold(30)]).toEqual([true, true, false]);
  expect([gone, budget.bytes, second?.isOver, second?.hold(1)]).toEqual([['second'], 40, true, false]);
  budget.take(0, 90);
  expect([gone, budget.bytes, first?.isOver]).toEqual([['second', 'first'], 90, true]);
  expect(() => budget.take(0, 11)).toThrow('limit');
});

test('what is spare of one run goes for another where all of them together have no room', () => {
  const pool = new Pool(150);
  const [one, other] = [new Budget(limits, pool), new Budget(limits, pool)];
  const [spare, own] = [one.spare(() => undefined), other.spare(() => undefined)];
  let kept = 20;
  pool.bytes += kept;
  pool.spares.add(() => {
    pool.bytes -= kept;
    kept = 0;
  });
  spare.hold(60);
  own.hold(10);
  other.take(0, 60);
  expect([spare.isOver, own.isOver, kept, pool.bytes]).toEqual([false, false, 20, 150]);
  other.take(0, 1);
  expect([spare.isOver, own.isOver, kept, pool.bytes]).toEqual([true, true, 0, 61]);
});

test('what is only tried leaves nothing behind, and a run that is over holds nothing', () => {
  const pool = new Pool(1000);
  const budget = new Budget(limits, pool);
  const [spare, later] = [budget.spare(() => undefined), budget.spare(() => undefined)];
  spare.hold(50);
  expect([budget.tryTake(50), spare.isOver, budget.tryTake(51), budget.bytes]).toEqual([true, false, false, 50]);
  budget.end();
  expect([pool.bytes, pool.spares.size, later.hold(1), budget.tryTake(1), pool.bytes]).toEqual([0, 0, false, false, 0]);
});
