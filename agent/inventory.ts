// What this host is: read now, compared with what was told last, told again when it differs.
import { cpus, networkInterfaces } from 'node:os';
import type { Batch, Value } from '../core/batch/batch.ts';
import { ColumnBuilder } from '../core/batch/build.ts';
import { nanosFromMillis } from '../core/time.ts';
import { SIGNAL_FIELDS } from '../schemas/tables.ts';
import { bounded } from './bounded.ts';
import { readMeminfo } from './collectors/meminfo.ts';
import type { HostFiles } from './host-files.ts';

export interface Inventory {
  readonly host: string;
  /** host.id: the machine's own; empty where it has none. */
  readonly id: string;
  readonly os: string;
  readonly kernel: string;
  /** host.arch. */
  readonly architecture: string;
  readonly cores: number;
  /** Bytes. */
  readonly memory: number;
  /** Without loopback and link-local ones, sorted. */
  readonly addresses: readonly string[];
  readonly labels: ReadonlyMap<string, string>;
  readonly agentVersion: string;
}

/** Characters of what the host says of itself, of the title of an event, of its attributes' names and values. */
const MOST_TEXT = 512;
const MOST_TITLE = 1024;
const MOST_NAME = 160;
const MOST_ATTRIBUTE = 16_384;
const MOST_ATTRIBUTES = 120;
const MOST_ADDRESSES = 1000;

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: 'x86', arm: 'arm32', ppc64: 'ppc64', s390x: 's390x', arm64: 'arm64' };

export const readInventory = (files: HostFiles, host: string, labels: ReadonlyMap<string, string>, agentVersion: string): Inventory => {
  const release = new Map(
    (files.text('/etc/os-release') ?? '').split('\n').flatMap((line): [string, string][] => {
      const match = /^([A-Z_]+)=(?:"(.*)"|'(.*)'|(.*))$/.exec(line);
      return match === null ? [] : [[match[1] as string, match[2] ?? match[3] ?? match[4] ?? '']];
    }),
  );
  const cores = (files.ascii('/proc/stat') ?? '').match(/^cpu\d+ /gm)?.length;
  return {
    host,
    id: bounded((files.ascii('/etc/machine-id') ?? files.ascii('/var/lib/dbus/machine-id') ?? '').trim(), MOST_TEXT),
    os: bounded(release.get('PRETTY_NAME') ?? release.get('NAME') ?? 'Linux', MOST_TEXT),
    kernel: bounded((files.text('/proc/sys/kernel/osrelease') ?? '').trim(), MOST_TEXT),
    architecture: ARCHITECTURES[process.arch] ?? process.arch,
    cores: cores ?? cpus().length,
    memory: readMeminfo(files).get('MemTotal') ?? 0,
    addresses: addressesOf(),
    labels,
    agentVersion,
  };
};

/** Link-local ones say nothing to others and come and go with every container. */
const addressesOf = (): readonly string[] => {
  const out = new Set<string>();
  for (const addresses of Object.values(networkInterfaces()))
    for (const { address, internal } of addresses ?? []) if (!internal && !address.startsWith('fe80:') && !address.startsWith('169.254.')) out.add(address);
  return [...out].sort().slice(0, MOST_ADDRESSES);
};

/** Flat texts by name: what is compared, kept over restarts and told as an event. */
export const inventoryTexts = (inventory: Inventory): ReadonlyMap<string, string> => {
  const { labels, addresses, agentVersion, ...plain } = inventory;
  return new Map([
    ...Object.entries(plain).map(([name, value]): [string, string] => [name, String(value)]),
    ['agent_version', agentVersion],
    ['addresses', addresses.join(', ')],
    ...[...labels].map(([name, value]): [string, string] => [`labels.${name}`, value]),
  ]);
};

/** `<name>` → `<before> → <after>`, one line each for an event's attributes; empty when nothing changed. */
export const inventoryChanges = (before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): ReadonlyMap<string, string> => {
  const out = new Map<string, string>();
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const [was, is] = [before.get(name) ?? '', after.get(name) ?? ''];
    if (was !== is) out.set(name, `${was === '' ? '(none)' : was} → ${is === '' ? '(none)' : is}`);
  }
  return out;
};

export const inventoryBatch = (inventory: Inventory, now: number): Batch => {
  const { host, id, os, kernel, architecture, cores, memory, addresses, labels, agentVersion } = inventory;
  return oneRow('inventory', [nanosFromMillis(now), host, id, os, kernel, architecture, cores, BigInt(memory), addresses, labels, agentVersion]);
};

export const eventBatch = (now: number, kind: string, title: string, host: string, attributes: ReadonlyMap<string, string>): Batch =>
  oneRow('events', [
    nanosFromMillis(now),
    kind,
    bounded(title, MOST_TITLE),
    host,
    null,
    new Map([...attributes].slice(0, MOST_ATTRIBUTES).map(([name, value]) => [bounded(name, MOST_NAME), bounded(value, MOST_ATTRIBUTE)])),
  ]);

const oneRow = (schema: 'inventory' | 'events', row: readonly Value[]): Batch => {
  const fields = SIGNAL_FIELDS[schema];
  const columns = fields.map((field, i) => {
    const builder = new ColumnBuilder(field.type);
    builder.append(row[i] as Value);
    return builder.finish();
  });
  return { length: 1, fields, columns };
};
