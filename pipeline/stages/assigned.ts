// Labels that an admin gave a host with its agent's join token: they stand in place of what the agent tells, and the difference is said once.
// Pure, as a transaction may run it again.
import { ENRICHMENT } from '../../schemas/catalogue.ts';
import type { HostFacts } from './inventory.ts';

export interface Assigned {
  readonly host: string;
  readonly facts: HostFacts;
  /** What the agent tells otherwise, by label; one that it does not tell at all is none. */
  readonly told: ReadonlyMap<string, string>;
}

type EnrichmentKey = (typeof ENRICHMENT)[number];
const isEnrichment = (name: string): name is EnrichmentKey => (ENRICHMENT as readonly string[]).includes(name);

export const withAssigned = (facts: HostFacts, assigned: ReadonlyMap<string, string>): Assigned => {
  const labels = new Map(facts.labels);
  const columns: Partial<Record<EnrichmentKey, string>> = {};
  const told = new Map<string, string>();
  for (const [name, value] of assigned) {
    const own = isEnrichment(name) ? facts[name] : labels.get(name);
    if (own !== null && own !== undefined && own !== value) told.set(name, own);
    if (isEnrichment(name)) columns[name] = value;
    else labels.set(name, value);
  }
  return { host: facts.host, facts: { ...facts, ...columns, labels }, told };
};

/** The event that tells it; undefined where all is as it was told before, or nothing differs any more. */
export const assignedEvent = (
  { host, told }: Assigned,
  assigned: ReadonlyMap<string, string>,
  before: ReadonlyMap<string, string>,
): { readonly title: string; readonly attributes: ReadonlyMap<string, string> } | undefined => {
  if (told.size === 0 || sameTold(told, before)) return undefined;
  const all = [...told].map(([name, value]) => [name, `${value} → ${assigned.get(name)}`] as const);
  return { title: `The agent of ${host} tells ${all.map(([name, change]) => `${name} ${change}`).join(', ')}, which is assigned`, attributes: new Map(all) };
};

export const sameTold = (a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean =>
  a.size === b.size && [...a].every(([name, value]) => b.get(name) === value);
