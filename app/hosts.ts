// The inventory's hosts for GraphQL.
import { formatTime } from '../core/time.ts';
import type { Records } from '../engines/records/port.ts';
import type { HostRow } from '../graphql/service.ts';

const text = (v: unknown): string | null => (v === null || v === undefined ? null : String(v));

export const readHosts = async (records: Records): Promise<readonly HostRow[]> => {
  const rows = await records.query('SELECT * FROM hosts ORDER BY host COLLATE "C"');
  return rows.map((row) => ({
    host: String(row.host),
    id: text(row.id),
    os: text(row.os),
    kernel: text(row.kernel),
    architecture: text(row.architecture),
    cores: row.cores === null ? null : Number(row.cores),
    memory: text(row.memory),
    addresses: ((row.addresses ?? []) as readonly unknown[]).map(String),
    labels: (row.labels ?? {}) as Readonly<Record<string, string>>,
    agentVersion: text(row.agent_version),
    lastSeen: row.last_seen === null ? null : formatTime(BigInt(row.last_seen as bigint)),
  }));
};
