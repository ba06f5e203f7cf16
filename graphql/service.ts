// What the transport needs of the rest, as ports of its own: handed in by app.

import type { QueryService } from '../query/service.ts';
import type { HostState } from '../schemas/host-state.ts';
import type { Dataset, MetricInfo } from '../schemas/types.ts';

/** What an agent says of itself in its newest metrics. */
export interface AgentFigures {
  readonly spoolBytes: number | null;
  readonly waitingFrames: number | null;
}

export interface HostRow {
  readonly host: string;
  readonly id: string | null;
  readonly os: string | null;
  readonly kernel: string | null;
  readonly architecture: string | null;
  readonly cores: number | null;
  readonly memory: string | null;
  readonly addresses: readonly string[];
  readonly region: string | null;
  readonly datacenter: string | null;
  readonly env: string | null;
  readonly role: string | null;
  readonly owner: string | null;
  /** Those beyond the five above. */
  readonly labels: Readonly<Record<string, string>>;
  /** What its agent may not look at. */
  readonly leftOut: readonly string[];
  readonly agentVersion: string | null;
  readonly state: HostState;
  readonly firstSeen: string | null;
  readonly lastSeen: string | null;
  readonly lagSeconds: number | null;
  readonly startedAt: string | null;
  readonly stoppedAt: string | null;
  readonly figure: (name: keyof AgentFigures) => Promise<number | null>;
}

/** One part of the product as it is now. */
export interface PartStatus {
  readonly name: string;
  readonly state: 'ok' | 'degraded' | 'down';
  /** For people: what is wrong, or how it stands. */
  readonly detail: string;
}

export interface ProductStatus {
  readonly version: string;
  readonly instance: string;
  /** ISO time. */
  readonly startedAt: string;
  readonly parts: readonly PartStatus[];
}

export interface Services {
  readonly queries: QueryService;
  readonly datasets: () => readonly Dataset[];
  readonly metrics: () => readonly MetricInfo[];
  readonly hosts: () => Promise<readonly HostRow[]>;
  readonly status: () => Promise<ProductStatus>;
}

/** Of one request. */
export interface Context {
  readonly services: Services;
  /** Aborted when the caller has gone. */
  readonly signal: AbortSignal;
}
