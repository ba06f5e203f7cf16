// What a process of an installation does: all of it, or a part, where several share servers. What each stands for is said in
// docs/guide/several-processes.md.
export const ROLES = ['ingest', 'worker', 'api', 'rules', 'keeper', 'agent'] as const;
export type Role = (typeof ROLES)[number];

/** Without one of them an installation is not whole: another process must have it, and share the stores. */
export const NEEDED_ROLES = ['ingest', 'worker', 'api', 'keeper'] as const satisfies readonly Role[];

export const roleOffence = (value: string): string | undefined => (ROLES.some((role) => role === value) ? undefined : `it must be one of ${ROLES.join(', ')}`);
