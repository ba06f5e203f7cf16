// Refusals without end keep nothing: neither rows beyond their bound nor memory.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { silentLogger } from '../../core/logger.ts';
import { RefusalAudit } from './refusal-audit.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

test('what was written, or could not be, is let go', async () => {
  let now = 0;
  const away = { query: () => Promise.reject(new Error('the record store does not answer')) };
  const audit = new RefusalAudit(away, silentLogger, () => now);
  const notes = async (count: number): Promise<number> => {
    for (let i = 0; i < count; i++) {
      now += 120_000;
      audit.note('agent.refuse', { host: 'web-1' });
      if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = await notes(2_000);
  expect((await notes(100_000)) - before).toBeLessThan(100_000 * 20);
});
