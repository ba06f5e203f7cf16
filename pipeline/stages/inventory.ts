// Inventories as they come into the host's row, its history, and the event that tells what changed. Pure: it is given what the store
// holds and says what is to be written, so that a transaction may run it again.
import { type Batch, columnOf, type Value, valueAt } from '../../core/batch/batch.ts';
import { formatTime } from '../../core/time.ts';
import { ENRICHMENT } from '../../schemas/catalogue.ts';
import { changeTitle } from '../../schemas/inventory-words.ts';
import type { Decoded } from '../message.ts';

/** The columns of `hosts` that say what a host is. */
export interface HostFacts {
  readonly host: string;
  readonly id: string | null;
  readonly os: string | null;
  readonly kernel: string | null;
  readonly architecture: string | null;
  readonly cores: number | null;
  readonly memory: bigint | null;
  readonly addresses: readonly string[] | null;
  readonly region: string | null;
  readonly datacenter: string | null;
  readonly env: string | null;
  readonly role: string | null;
  readonly owner: string | null;
  /** Those beyond the enrichment. */
  readonly labels: ReadonlyMap<string, string>;
  readonly agent_version: string | null;
  readonly sender: string;
}

export interface InventoryRow {
  readonly facts: HostFacts;
  /** ns. */
  readonly time: bigint;
  readonly message: Decoded;
  readonly row: number;
}

/** An empty text says nothing. */
const text = (value: Value): string | null => (typeof value === 'string' && value !== '' ? value : null);

const factsAt = (batch: Batch, row: number, sender: string): HostFacts => {
  const value = (name: string): Value => valueAt(columnOf(batch, name), row);
  const labels = new Map((value('labels') as ReadonlyMap<string, string> | null) ?? []);
  const taken = Object.fromEntries(ENRICHMENT.map((key) => [key, text(labels.get(key) ?? null)])) as Record<(typeof ENRICHMENT)[number], string | null>;
  for (const key of ENRICHMENT) labels.delete(key);
  return {
    host: value('host') as string,
    id: text(value('id')),
    os: text(value('os')),
    kernel: text(value('kernel')),
    architecture: text(value('architecture')),
    cores: value('cores') as number | null,
    memory: value('memory') as bigint | null,
    addresses: value('addresses') as readonly string[] | null,
    ...taken,
    labels,
    agent_version: text(value('agent_version')),
    sender,
  };
};

export const inventoryRows = (message: Decoded): readonly InventoryRow[] =>
  Array.from({ length: message.batch.length }, (_, row) => ({
    facts: factsAt(message.batch, row, message.sender),
    time: valueAt(columnOf(message.batch, 'time'), row) as bigint,
    message,
    row,
  }));

/** Flat texts by name, for comparing and telling. The sender is how a host is found, not what it is. */
const told = ({ labels, addresses, sender: _, ...plain }: HostFacts): ReadonlyMap<string, string> =>
  new Map([
    ...Object.entries(plain).flatMap(([name, value]): [string, string][] => (value === null ? [] : [[name, String(value)]])),
    ...(addresses === null || addresses.length === 0 ? [] : [['addresses', addresses.join(', ')] as [string, string]]),
    ...[...labels].map(([name, value]): [string, string] => [`labels.${name}`, value]),
  ]);

/** `<name>` → `<before> → <after>`; empty when nothing changed. */
export const changesOf = (before: HostFacts, after: HostFacts): ReadonlyMap<string, string> => {
  const [was, is] = [told(before), told(after)];
  const out = new Map<string, string>();
  for (const name of new Set([...was.keys(), ...is.keys()]))
    if (was.get(name) !== is.get(name)) out.set(name, `${was.get(name) ?? '(none)'} → ${is.get(name) ?? '(none)'}`);
  return out;
};

export interface MadeEvent {
  readonly kind: 'inventory.new' | 'inventory.change';
  readonly title: string;
  readonly attributes: ReadonlyMap<string, string>;
}

/** The event of an inventory, given what was known before; undefined when it says nothing new. */
export const eventOf = ({ facts, time }: InventoryRow, before: HostFacts | undefined): MadeEvent | undefined => {
  if (before === undefined) return { kind: 'inventory.new', title: `${facts.host} reports for the first time`, attributes: told(facts) };
  const changes = changesOf(before, facts);
  if (changes.size === 0) return undefined;
  return { kind: 'inventory.change', title: changeTitle(facts.host, changes), attributes: new Map([...changes, ['inventory.time', formatTime(time)]]) };
};
