// What the transport needs of the rest, as ports of its own: handed in by app.

import type { QueryService } from '../query/service.ts';
import type { Dataset, MetricInfo } from '../schemas/types.ts';

export interface HostRow {
  readonly host: string;
  readonly id: string | null;
  readonly os: string | null;
  readonly kernel: string | null;
  readonly architecture: string | null;
  readonly cores: number | null;
  readonly memory: string | null;
  readonly addresses: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly agentVersion: string | null;
  readonly lastSeen: string | null;
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
