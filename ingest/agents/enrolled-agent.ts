// An agent that has joined, as the record store has it and as it is held in memory. Data, and how a row is read.
import { createHash } from 'node:crypto';
import type { RecordRow } from '../../engines/records/port.ts';

export type AgentState = 'active' | 'quarantined' | 'revoked';

export interface EnrolledAgent {
  readonly id: string;
  /** Ed25519, 32 bytes. */
  readonly key: Uint8Array;
  readonly host: string;
  /** Given with the token; they win over what the agent tells. */
  readonly labels: ReadonlyMap<string, string>;
  /** Patterns of other hosts that it may speak for. */
  readonly relays: readonly string[];
  /** Hash of what tells its machine from others. */
  readonly machine: string;
  /** ns. */
  readonly joined: bigint;
  /** Who made its token. */
  readonly admittedBy: string;
  /** Newest run that signed in, and its own mark. */
  readonly boot: bigint;
  readonly run: Uint8Array | undefined;
  /** ns; undefined: never. */
  readonly signedIn: bigint | undefined;
  readonly state: AgentState;
  /** Why it is not active. */
  readonly reason: string | undefined;
}

export const AGENT_COLUMNS = 'id, key, host, labels, relays, machine, joined, admitted_by, boot::text AS boot, run, signed_in, state, reason';

/** Of a row of AGENT_COLUMNS. */
export const agentOf = (row: RecordRow): EnrolledAgent => ({
  id: row.id as string,
  key: row.key as Uint8Array,
  host: row.host as string,
  labels: new Map(Object.entries(row.labels as Record<string, string>)),
  relays: row.relays as readonly string[],
  machine: row.machine as string,
  joined: row.joined as bigint,
  admittedBy: row.admitted_by as string,
  boot: BigInt(row.boot as string),
  run: (row.run as Uint8Array | null) ?? undefined,
  signedIn: (row.signed_in as bigint | null) ?? undefined,
  state: row.state as AgentState,
  reason: (row.reason as string | null) ?? undefined,
});

/** Made of the key: nobody can join under the id of another. Hexadecimal, so that no command takes one for an option. */
export const agentIdOf = (key: Uint8Array): string => createHash('sha256').update('inframirror/agent-id/1').update(key).digest('hex').slice(0, 32);
