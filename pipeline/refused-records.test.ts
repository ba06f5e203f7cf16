// What the record store refuses, and is no row's fault: nothing is buried, the status says what is to be mended, and it goes on once that is.
import { afterEach, expect, test } from 'vitest';
import type { Records } from '../engines/records/port.ts';
import { partOf } from '../ingest/testing/frames.ts';
import { DEAD_TOPIC } from '../schemas/tables.ts';
import { framesToRows, inventoryPart, minute } from './testing/frames-to-rows.ts';

const own = framesToRows();

/** Said at the beginning of each transaction of the pipeline. */
let first: string | undefined;
afterEach(() => {
  first = undefined;
});

/** The real store, as far as the pipeline asks it, in which it has fewer rights than we. */
const limited = (records: Records): Records => {
  const own: Pick<Records, 'query' | 'transaction'> = {
    query: records.query.bind(records),
    transaction: (work) =>
      records.transaction(async (queries) => {
        if (first !== undefined) await queries.query(first);
        return work(queries);
      }),
  };
  return own as Records;
};

const letters = async (): Promise<bigint> => (await own.stores.stream.partitions(DEAD_TOPIC)).reduce((sum, { next }) => sum + next, 0n);
const troubles = async (): Promise<readonly string[]> => (await own.pipeline.status()).partitions.flatMap(({ trouble }) => trouble ?? []);

test.each([
  ['a missing right', 'SET LOCAL ROLE writer', 'GRANT ALL ON ALL TABLES IN SCHEMA public TO writer', 'permission denied'],
  ['a table that is not there', 'SET LOCAL search_path TO pg_catalog', undefined, 'does not exist'],
  ['a server that takes no changes', 'SET TRANSACTION READ ONLY', undefined, 'read-only'],
])(
  '%s parks the round, and stands once it is mended',
  async (_, refused, mend, reason) => {
    const sender = `parked-${reason.replaceAll(' ', '-')}`;
    const { records } = own.stores;
    if (mend !== undefined) await records.query('CREATE ROLE writer');
    await own.stop();
    await own.start({ records: limited(records) });
    const before = await letters();
    first = refused;
    for (let i = 0; i < 4; i++)
      await own.send(sender, [
        inventoryPart(`${sender}-${i}`, {}, minute),
        partOf('events', { time: [BigInt(minute) * 1_000_000n], kind: ['deploy'], title: [`v${i}`], host: [sender] }),
      ]);
    await expect.poll(troubles, { timeout: 20_000 }).toEqual([expect.stringMatching(new RegExp(`^parked.*${reason}`))]);
    expect(await letters()).toBe(before);
    if (mend === undefined) first = undefined;
    else await records.query(mend);
    await own.stop();
    await own.start({ records: limited(records) });
    await own.settled();
    expect(await records.query("SELECT title FROM events WHERE sender = $1 AND kind = 'deploy' ORDER BY title", [sender])).toHaveLength(4);
    expect(await records.query('SELECT host FROM hosts WHERE sender = $1', [sender])).toHaveLength(4);
    expect(await letters()).toBe(before);
  },
  60_000,
);
