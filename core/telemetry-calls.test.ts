// Measures that are called again elsewhere are told as if they had been called there.
import { expect, test } from 'vitest';
import { TelemetryRegistry } from './telemetry.ts';
import { callAgain, KeptCalls } from './telemetry-calls.ts';

test('what was called in any order, and taken in parts, is told as if nothing lay between', () => {
  const [here, there, kept] = [new TelemetryRegistry(), new TelemetryRegistry(), new KeptCalls()];
  for (let round = 0; round < 3; round++) {
    for (const telemetry of [here, kept]) {
      telemetry.add('rows_total', { topic: 'a' });
      telemetry.add('rows_total', { topic: 'a' }, round);
      telemetry.add('rows_total', { topic: 'b' });
      telemetry.set('lag', { group: 'g' }, round);
      telemetry.setAll('parts', [{ labels: { part: String(round) }, value: 1 }]);
      telemetry.set('parts', { part: 'more' }, 2);
      telemetry.observe('seconds', {}, 0.004 * (round + 1));
    }
    const calls = kept.take();
    if (calls !== undefined) callAgain(there, calls);
  }
  expect(kept.take()).toBeUndefined();
  expect(there.render()).toBe(here.render());
  expect(there.render()).toContain('rows_total{topic="a"} 6');
});
