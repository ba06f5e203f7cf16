// Which column a label of a series is in IQL: the one of its name, but for names that rows have themselves or that are the platform's own.
// Senders choose labels, so every name must have a column, and no name may stand for anything else.

/** Every series has these. */
const OWN: ReadonlySet<string> = new Set(['time', 'value']);
const PREFIX = 'labels.';

/** `time` → `labels.time`, `#x` → `labels.#x`, `labels.x` → `labels.labels.x`; no two labels have one column. */
export const columnOfLabel = (label: string): string =>
  label === '' || label.startsWith('#') || label.startsWith(PREFIX) || OWN.has(label) ? `${PREFIX}${label}` : label;

/** The label that is that column. */
export const labelOfColumn = (column: string): string => (column.startsWith(PREFIX) ? column.slice(PREFIX.length) : column);
