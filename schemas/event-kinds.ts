// Kinds of events that the platform writes itself, and that admins ask for by name: nobody else may.

/** By the server. */
export const PLATFORM_EVENTS = { emergency: 'retention.emergency', quarantine: 'agent.quarantine' } as const;

/** What agents say of themselves and their hosts, in namespaces that are ours. */
const OF_AGENTS: ReadonlySet<string> = new Set(['agent.start', 'agent.stop', 'inventory.new', 'inventory.change']);
const OURS = /^(?:agent|inventory|retention|inframirror)\./;
/** Without these it looks the same. */
const UNSEEN = /[\p{C}\p{Z}\p{M}]/gu;

/** Whether only the platform may say it, also where it only looks like such a kind. */
export const isPlatformKind = (kind: string): boolean => !OF_AGENTS.has(kind) && OURS.test(kind.normalize('NFKD').replace(UNSEEN, '').toLowerCase());
