// What the server answers, as the explorer uses it; the documents in documents.ts ask for exactly this.
// Never holds anything the server does not send.

export type Severity = 'error' | 'warning' | 'info';

/** 1-based; columns in UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}
/** End exclusive. */
export interface TextSpan {
  readonly start: Position;
  readonly end: Position;
}
export interface TextEdit {
  readonly span: TextSpan;
  readonly text: string;
}
export interface Fix {
  readonly label: string;
  readonly edits: readonly TextEdit[];
}
/** A place that led to what is told elsewhere. */
export interface Related {
  readonly message: string;
  readonly view: string | null;
  readonly span: TextSpan;
}
export interface Diagnostic {
  readonly severity: Severity;
  readonly code: string;
  readonly message: string;
  /** The saved query in whose text the span lies, as `views.NAME`; null or left out: the text at hand. */
  readonly view?: string | null;
  readonly span: TextSpan | null;
  readonly fix: Fix | null;
  /** The nearest first. */
  readonly related?: readonly Related[];
}

/** A value as JSON carries it: times are ISO text, integers beyond 2^53 text, durations seconds, missing is null. */
export type Value = string | number | boolean | null | readonly unknown[] | { readonly [key: string]: unknown };

export interface Column {
  readonly name: string;
  readonly type: string;
  /** UCUM; null: none or unknown. */
  readonly unit: string | null;
  readonly values: readonly Value[];
}
/** An answer as a chart draws it: keys once a line, one axis, the values of each line along it. */
export interface Lines {
  /** ISO times, ascending. */
  readonly times: readonly string[];
  /** One value a line. */
  readonly keys: readonly Column[];
  readonly values: readonly LineValues[];
  /** Lines there are, with those that are not given. */
  readonly total: number;
}
export interface LineValues {
  readonly name: string;
  readonly type: string;
  readonly unit: string | null;
  /** Of each line, along the axis. */
  readonly values: readonly (readonly (number | null)[])[];
  /** The lines that are not given, as one. */
  readonly other: Other | null;
}
export interface Other {
  /** How they became one: sum, min or max. */
  readonly merge: string;
  readonly values: readonly (number | null)[];
}
export interface Result {
  /** Without values where lines are given. */
  readonly columns: readonly Column[];
  readonly lines: Lines | null;
  readonly rowCount: number;
  readonly truncated: { readonly limit: number; readonly by: string } | null;
  readonly completeUpTo: string | null;
  /** Beginnings of the buckets that are not whole: cut by the range, or still filling. */
  readonly partial: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
  readonly stats: { readonly elapsedMs: number; readonly rowsRead: number; readonly bytesRead: number };
}

export interface Completion {
  readonly label: string;
  readonly kind: string;
  readonly detail: string | null;
  readonly type: string | null;
  readonly unit: string | null;
  readonly insert: string;
  /** Offsets in UTF-16 units, end exclusive. */
  readonly from: number;
  readonly to: number;
}

export interface DatasetInfo {
  readonly name: string;
  readonly description: string;
  /** Fields seen in its rows beside the columns, most used first; type: text, number or both. */
  readonly attributes: readonly { readonly name: string; readonly type: string }[];
}
export interface MetricEntry {
  readonly name: string;
  readonly kind: string;
  readonly unit: string | null;
  readonly description: string | null;
  readonly labels: readonly string[];
}
export interface Catalogue {
  readonly datasets: readonly DatasetInfo[];
  readonly metrics: readonly MetricEntry[];
}

export interface PartState {
  readonly name: string;
  readonly state: string;
  readonly detail: string;
}
export interface StoreSpace {
  readonly name: string;
  /** Bytes; null until they were measured. */
  readonly bytes: number | null;
  readonly diskFree: number | null;
  readonly diskSize: number | null;
}
export interface StreamGroup {
  readonly group: string;
  readonly topic: string;
  readonly waiting: number;
  readonly bytes: number;
  readonly isJoined: boolean;
  /** Seconds; null: none waits. */
  readonly oldestWaiting: number | null;
}
export interface StreamTopic {
  readonly topic: string;
  readonly unread: number;
  readonly share: number;
  /** 0 to 1. */
  readonly pressure: number;
  readonly heldBy: string | null;
  /** Until the door closes for it; null: it does not fill. */
  readonly secondsLeft: number | null;
}
export interface StreamSpace {
  readonly bytes: number;
  readonly maxBytes: number;
  /** 0 to 1. */
  readonly share: number;
  readonly groups: readonly StreamGroup[];
  readonly topics: readonly StreamTopic[];
}
export interface Drop {
  readonly stage: string;
  readonly reason: string;
  readonly counter: string;
  readonly unit: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly count: number;
  /** Whether something is missing in the stores for it. */
  readonly missing: boolean;
}
export interface Problem {
  readonly part: string;
  readonly message: string;
  readonly mend: string;
}
export interface ProductStatus {
  readonly version: string;
  readonly instance: string;
  readonly startedAt: string;
  readonly parts: readonly PartState[];
  readonly stores: readonly StoreSpace[];
  readonly stream: StreamSpace | null;
  readonly drops: readonly Drop[];
  readonly problems: readonly Problem[];
}

export interface SavedVersion {
  readonly version: number;
  readonly text: string;
  readonly description: string;
  readonly range: string | null;
  /** ISO. */
  readonly savedAt: string;
  readonly who: string;
}
export interface SavedQuery extends SavedVersion {
  readonly name: string;
}
export interface SaveAnswer {
  readonly saved: SavedQuery | null;
  readonly conflict: { readonly stands: SavedQuery } | null;
  readonly diagnostics: readonly Diagnostic[];
}

export interface Agent {
  readonly id: string;
  readonly host: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Patterns of other hosts that it may speak for. */
  readonly relays: readonly string[];
  readonly state: 'active' | 'quarantined' | 'revoked';
  readonly reason: string | null;
  /** ISO. */
  readonly joinedAt: string;
  readonly signedInAt: string | null;
  /** Within a day. */
  readonly series: number;
  readonly bytes: number;
}
export interface JoinToken {
  readonly token: string;
  /** ISO. */
  readonly expiresAt: string;
  /** Who has its host now, so that nobody joins by it. */
  readonly heldBy: Pick<Agent, 'id' | 'host'> | null;
  /** Labels that its host has until now; null: it is for any host of a pattern. */
  readonly assigned: Readonly<Record<string, string>> | null;
}
export interface AgentsAnswer {
  readonly agents: readonly Agent[];
  readonly senderLimits: { readonly series: number; readonly bytes: number };
  readonly sharedAgentToken: boolean;
}

export interface LetterGroup {
  readonly stage: string;
  readonly reason: string;
  readonly topic: string;
  readonly schema: string;
  readonly letters: number;
  readonly rows: number;
  /** ISO; of the oldest. */
  readonly since: string;
}
export interface Letter {
  readonly id: string;
  readonly state: 'waiting' | 'replayed' | 'dropped';
  /** ISO. */
  readonly buried: string;
  readonly stage: string;
  readonly reason: string;
  readonly topic: string;
  readonly schema: string;
  readonly sender: string;
  readonly rows: number;
  readonly bytes: number;
  readonly error: string;
}
export interface WholeLetter {
  readonly letter: Letter;
  readonly headers: Readonly<Record<string, string>>;
  /** Its first rows; null where they cannot be read. */
  readonly content: readonly Readonly<Record<string, unknown>>[] | null;
}
export interface ReplayedLetters {
  readonly replayed: number;
  readonly droppedRows: number;
  readonly isMore: boolean;
  readonly refused: readonly { readonly id: string; readonly reason: string }[];
}
