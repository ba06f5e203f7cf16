// The pages of agents and of dead letters, over a real product: from the first token to an agent that stands still and one that is revoked; what died,
// replayed in vain, and dropped. By mouse, by keys, on a phone.
import { createHmac } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import type { Identity } from '../../agent/identity.ts';
import { join, signIn } from '../../agent/join.ts';
import { ServerCalls } from '../../agent/server-calls.ts';
import { frameOf, logsPart, partOf, zstd } from '../../ingest/testing/frames.ts';
import { frameContext } from '../../schemas/agent-proofs.ts';
import type { OwnFramePart } from '../../schemas/frame.ts';
import { readJoinToken } from '../../schemas/join-token.ts';
import { findChromium } from '../support/chromium.js';
import { describeWith } from '../support/need.ts';
import { fleet } from './fleet.ts';

const MACHINE = 'm'.repeat(32);
let seq = 1;
const header = (agent: string, host: string, boot: bigint) => {
  seq += 10;
  return { agent, host, boot, seq, sent: new Date().toISOString() };
};
const inventory = (host: string): OwnFramePart =>
  partOf('inventory', {
    time: [BigInt(Date.now()) * 1_000_000n],
    host: [host],
    os: ['linux'],
    labels: [
      new Map([
        ['agent.version', '0.1.0'],
        ['agent.left_out', 'disk <b>sizes</b>'],
      ]),
    ],
  });

describeWith('agents and dead letters', findChromium(), 'no Chromium; install the package chromium or name one in CHROMIUM', (executable) => {
  const { open, product } = fleet(executable, []);
  const calls = (): ServerCalls => new ServerCalls(product().origin, 60_000, new AbortController().signal);
  const identities = new Map<string, Identity>();

  const enrol = async (host: string, command: string): Promise<void> => {
    const token = /--join (\S+)/.exec(command)?.[1] ?? '';
    const identity = await join(calls(), mkdtempSync(joinPath(product().folder, 'a-')), readJoinToken(token), host, MACHINE);
    if ('refused' in identity) throw new Error(identity.refused.text);
    identities.set(host, identity);
  };
  /** Signs in and sends its inventory. */
  const speak = async (host: string, machine = MACHINE): Promise<number> => {
    const identity = identities.get(host) as Identity;
    const boot = BigInt(Date.now());
    const session = await signIn(calls(), identity, machine, boot, Buffer.alloc(16, 1));
    if ('refused' in session) return session.refused.status;
    const body = zstd(frameOf([inventory(host)], header(identity.id, host, boot)));
    const mac = createHmac('sha256', session.key).update(frameContext(session.id)).update(body).digest('base64url');
    return (await calls().post('/ingest/frames', { authorization: `InfraMirror ${session.id}.${mac}`, 'content-encoding': 'zstd' }, body)).status;
  };
  const row = (page: Page, host: string) =>
    page
      .getByTestId('agents')
      .locator('tbody tr')
      .filter({ has: page.getByRole('rowheader', { name: host }) });
  const wide = (page: Page, of: string): Promise<readonly string[]> =>
    page.evaluate(
      (id) =>
        [...document.querySelectorAll(`[data-testid=${id}] *, dialog *`)]
          .filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
          .map((e) => `${e.tagName} ${e.className}`),
      of,
    );

  test('from the first token, by keys, to an agent that is heard', async () => {
    const { page, complaints } = await open('#/status');
    await page.getByRole('region', { name: 'Parts' }).getByRole('link', { name: 'agents' }).click();
    await page.getByText('No agent has joined yet.').waitFor();
    await page.getByRole('button', { name: 'New join token' }).focus();
    await page.keyboard.press('Enter');
    await page.getByLabel(/^Host its name/).waitFor();
    await page.keyboard.type('web 1');
    await page.getByText('The host is a name or a pattern').waitFor();
    await page.keyboard.press('Control+A');
    await page.keyboard.type('web-1');
    await page.keyboard.press('Tab');
    await page.keyboard.type('env');
    await page.getByText('env is no label').waitFor();
    await page.keyboard.type('=prod');
    await page.keyboard.press('Tab');
    await page.keyboard.type('switch-*');
    await page.keyboard.press('Enter');
    const command = (await page.locator('dialog pre').textContent()) ?? '';
    expect(command).toContain(`--server ${product().origin} --join ij1.`);
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    // It is shown this once.
    expect(await page.content()).not.toContain('ij1.');
    await enrol('web-1', command);
    await page.getByRole('button', { name: 'Refresh' }).click();
    await row(page, 'web-1').getByText('joined, not heard yet').waitFor();
    expect(await speak('web-1')).toBe(200);
    await page.getByRole('button', { name: 'Refresh' }).click();
    await row(page, 'web-1').getByText('reporting').waitFor();
    await row(page, 'web-1').getByText('switch-*').waitFor();
    await page.getByRole('button', { name: 'More of web-1' }).focus();
    await page.keyboard.press('Enter');
    for (const words of ['env=prod', identities.get('web-1')?.id ?? '', /of 200,000 series, \d.* of 100 GiB/, 'disk <b>sizes</b>'])
      await page.getByText(words).first().waitFor();
    expect(complaints).toEqual([]);
  });

  test('one that stands still: why, what to do, and that it goes on', async () => {
    expect(await speak('web-1', 'n'.repeat(32))).toBe(409);
    const { page } = await open('#/agents');
    const still = page.getByRole('region', { name: 'web-1 stands still' });
    await still.getByText('its key is used on another machine').waitFor();
    await row(page, 'web-1').getByText('stands still').waitFor();
    await still.getByRole('button', { name: 'Let it go on…' }).click();
    // The focus is on leaving it.
    await page.keyboard.press('Enter');
    await page.locator('dialog').waitFor({ state: 'detached' });
    await still.waitFor();
    await still.getByRole('button', { name: 'Let it go on…' }).click();
    await page.getByRole('button', { name: 'Let it go on', exact: true }).click();
    await still.waitFor({ state: 'detached' });
    expect(await speak('web-1')).toBe(200);
  });

  test('one that is revoked is out of sight, and the shared token is switched off and on', async () => {
    const { page } = await open('#/agents', { viewport: { width: 390, height: 844 } });
    await page.getByRole('button', { name: 'More of web-1' }).click();
    await page.getByRole('button', { name: 'Revoke…' }).click();
    expect(await wide(page, 'agents')).toEqual([]);
    await page.getByRole('button', { name: 'Revoke it' }).click();
    await page.locator('dialog').waitFor({ state: 'detached' });
    expect(await speak('web-1')).toBe(403);
    // Its host is in the inventory still, and has no agent.
    await row(page, 'web-1').getByText('shared token').waitFor();
    await page.getByLabel('With the 1 revoked').check();
    await row(page, 'web-1').getByText('revoked').first().waitFor();
    await page.getByRole('button', { name: 'Switch it off…' }).click();
    await page.getByRole('button', { name: 'Switch it off', exact: true }).click();
    await page.getByText('The token that all agents share is off').waitFor();
    const refused = await product().frames(frameOf([logsPart(['x'])], header('x', 'db-1', 5n)));
    expect(refused.status).toBe(403);
    await page.getByRole('button', { name: 'Take it again' }).click();
    await page.getByText('The token that all agents share is taken').waitFor();
    expect(await wide(page, 'agents')).toEqual([]);
  });

  test('dead letters: looked at, replayed in vain, dropped after a question', async () => {
    const { page, complaints } = await open('#/status');
    await page.getByRole('region', { name: 'Parts' }).getByRole('link', { name: 'dead letters' }).click();
    await page.getByText('No dead letter waits.').waitFor();
    const line = { ...logsPart(['of a <i>newer</i> agent'], [BigInt(Date.now()) * 1_000_000n]), version: 99 };
    for (let i = 0; i < 2; i++) expect((await product().frames(frameOf([line], header('newer', 'web-1', 5n)))).status).toBe(200);
    await page.getByRole('button', { name: 'Refresh' }).click();
    const kinds = page.getByTestId('letters').locator('table').first();
    await kinds.getByRole('row', { name: /^unknown-schema ingest .* 2 2 / }).waitFor();
    const one = page.getByTestId('letters').locator('table').last().locator('tbody tr').first();
    await one.getByRole('button', { expanded: false }).click();
    await page.getByText('of a <i>newer</i> agent').waitFor();
    await one.getByRole('button', { name: 'Replay' }).click();
    await page.getByText(/^0 letters put on the way again\. 1 letter stayed: .*version 99/).waitFor();
    await one.getByRole('button', { name: 'Drop…' }).click();
    await page.getByRole('heading', { name: 'Drop 1 letter with 1 row?' }).waitFor();
    await page.getByRole('button', { name: 'Drop', exact: true }).click();
    await page.getByText('Done with 1 letter.').waitFor();
    await kinds.getByRole('row', { name: /^unknown-schema ingest .* 1 1 / }).waitFor();
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await wide(page, 'letters')).toEqual([]);
    await kinds.getByRole('button', { name: 'Drop all…' }).click();
    await page.getByRole('button', { name: 'Drop', exact: true }).click();
    await page.getByText('No dead letter waits.').waitFor();
    await page.getByLabel('Those too that are done with').check();
    await expect.poll(() => page.getByText('Replay').count()).toBe(0);
    await page.getByTestId('letters').locator('table').last().locator('tbody tr').nth(1).waitFor();
    expect(complaints).toEqual([]);
  });
});
