// A server with a file of settings: it heeds it, reads it again on SIGHUP without stopping, and goes on with what it had when it is wrong.
import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { frameOf, logsPart } from '../../ingest/testing/frames.ts';
import { eventually, newFolder, preparedFolder, startProduct } from './support/product.ts';

const DAY = 86_400_000;

test('SIGHUP brings settings into force, and a wrong file changes nothing', async () => {
  const folder = await newFolder();
  const file = join(folder, 'inframirror.yaml');
  writeFileSync(file, 'retention:\n  logs: 3d\nlisten: 127.0.0.1:1\n');
  const product = await startProduct({ folder: join(folder, 'data'), args: ['--no-agent', '--config', file] });
  try {
    let seq = 1;
    /** Rows that the door keeps of one line that is so many days old. */
    const kept = async (days: number): Promise<unknown> => {
      const now = Date.now();
      const body = frameOf([logsPart(['a line'], [BigInt(now - days * DAY) * 1_000_000n])], { boot: BigInt(now), seq: seq++, agent: `agent-${seq}` });
      return ((await (await product.frames(body)).json()) as { rows: number }).rows;
    };
    const retention = async (): Promise<string | undefined> => (await product.parts()).find(({ name }) => name === 'retention')?.detail;
    expect([await kept(2), await kept(4)]).toEqual([1, 0]);
    const today = new Date().toISOString().slice(0, 4);
    await eventually('the line is stored', async () => (await retention())?.includes(`logs from ${today}`));
    expect(await retention()).toContain('kept 3d');
    writeFileSync(file, 'retention:\n  logs: 60d\nlisten: 127.0.0.1:2\nlog:\n  level: debug\n');
    product.child.kill('SIGHUP');
    await eventually('the settings are read again', async () => product.heard.stderr.includes('the settings were read again'));
    expect([await kept(4), await kept(61)]).toEqual([1, 0]);
    expect(await retention()).toContain('kept 60d');
    const entries = async (): Promise<unknown> =>
      (await product.graphql<{ readonly audit: { readonly entries: unknown } }>('{ audit(what: "settings") { entries { who what detail } } }')).data?.audit
        .entries;
    await eventually('the change is in the audit', async () => JSON.stringify(await entries()).includes('retention'));
    expect(await entries()).toEqual([
      { who: 'server', what: 'settings.reload', detail: { 'retention.logs': { from: '3d', to: '60d' }, 'log.level': { from: 'info', to: 'debug' } } },
    ]);
    // The address given as an option wins, so nothing waits for it.
    expect(product.heard.stderr).not.toContain('need a new start');
    writeFileSync(file, 'retention:\n  log: 3d\n');
    product.child.kill('SIGHUP');
    await eventually('the mistake is told', async () => product.heard.stderr.includes('there is no setting retention.log; did you mean logs?'));
    expect(await kept(4)).toBe(1);
    expect((await product.get('/-/ready')).status).toBe(200);
    const problems = async (): Promise<readonly { readonly part: string; readonly message: string }[]> =>
      (
        await product.graphql<{ readonly status: { readonly problems: readonly { readonly part: string; readonly message: string }[] } }>(
          '{ status { problems { part message } } }',
        )
      ).data?.status.problems ?? [];
    expect((await problems()).filter(({ part }) => part === 'settings')).toEqual([
      { part: 'settings', message: expect.stringContaining('did you mean logs?') },
    ]);
    writeFileSync(file, 'retention:\n  logs: 60d\n');
    product.child.kill('SIGHUP');
    await eventually('the mend is seen', async () => (await problems()).every(({ part }) => part !== 'settings'));
  } finally {
    await product.stop();
    await rm(folder, { recursive: true, force: true });
  }
}, 180_000);

test('a question that reaches back before what was removed says so', async () => {
  const folder = await preparedFolder();
  const first = await startProduct({ folder, args: ['--no-agent'] });
  try {
    const now = Date.now();
    const body = frameOf([logsPart(['old', 'new'], [BigInt(now - 20 * DAY) * 1_000_000n, BigInt(now) * 1_000_000n])], { boot: BigInt(now), seq: 1 });
    expect((await first.frames(body)).status).toBe(200);
    await eventually('both lines are there', async () => (await first.ask('from logs last 25d')).rowCount === 2);
    expect((await first.ask('from logs last 25d')).diagnostics).toEqual([]);
  } finally {
    await first.stop();
  }
  const second = await startProduct({ folder, args: ['--no-agent'], env: { INFRAMIRROR_RETENTION_LOGS: '10d' } });
  try {
    const found = await eventually(
      'the old line is gone',
      async () => {
        const answer = await second.ask('from logs last 25d');
        return answer.rowCount === 1 && answer;
      },
      120_000,
    );
    expect(found.diagnostics.map(({ severity, code }) => [severity, code])).toEqual([['info', 'iql.removed']]);
    expect((await second.ask('from logs last 5d')).diagnostics).toEqual([]);
  } finally {
    await second.stop();
    await rm(folder, { recursive: true, force: true });
  }
}, 300_000);
