// Ready is who answers in all that is needed; one that hangs, fails or has not started is named, and nothing heaps up before it.
import { expect, test } from 'vitest';
import { Readiness } from './readiness.ts';

const fine = async (): Promise<void> => undefined;

test('it is ready when it has started and all answer; what fails or hangs is named', async () => {
  let isStarted = false;
  const parts = (records: () => Promise<unknown>, columns = fine) => [['column store', columns] as const, ['record store', records] as const];
  const started = new Readiness(parts(fine), () => isStarted);
  expect(await started.read()).toBe('starting');
  isStarted = true;
  expect(await started.read()).toBeUndefined();
  const hangs = (): Promise<void> => new Promise(() => undefined);
  const fails = (): Promise<void> => Promise.reject(new Error('its password is in here'));
  expect(await new Readiness(parts(hangs), () => true, 10).read()).toBe('not ready: the record store does not answer');
  expect(await new Readiness(parts(hangs, fails), () => true, 10).read()).toBe('not ready: the column store and the record store do not answer');
});

test('who asks often asks the stores once', async () => {
  let asked = 0;
  const readiness = new Readiness(
    [
      [
        'column store',
        () => {
          asked++;
          return new Promise(() => undefined);
        },
      ],
    ],
    () => true,
    10,
  );
  const answers = await Promise.all(Array.from({ length: 100 }, () => readiness.read()));
  expect(new Set(answers)).toEqual(new Set(['not ready: the column store does not answer']));
  expect(asked).toBe(1);
});
