// What the transport needs of the rest, as ports of its own: handed in by app.

import type { Diagnostic } from '../query/1-syntax/diagnostic.ts';
import type { CallerQueries, QueryService } from '../query/service.ts';
import type { HostState } from '../schemas/host-state.ts';
import type { SavedGiven, SavedQuery, SavedVersion } from '../schemas/saved-query.ts';

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

/** A field of a dataset beside its columns. */
export interface Attribute {
  readonly name: string;
  readonly type: 'text' | 'number' | 'both';
  readonly share: number;
  /** ns. */
  readonly lastSeen: bigint;
}

/** One part of the product as it is now. */
export interface PartStatus {
  readonly name: string;
  readonly state: 'ok' | 'degraded' | 'down';
  /** For people: what is wrong, or how it stands. */
  readonly detail: string;
}

/** What a store takes of its disk. */
export interface StoreSpace {
  readonly name: string;
  /** undefined until it was measured. */
  readonly bytes: number | undefined;
  /** Of the disk it lies on; undefined where the system does not tell. */
  readonly diskFree: number | undefined;
  readonly diskSize: number | undefined;
}

/** How far a group of readers is with what was accepted. */
export interface StreamGroup {
  readonly group: string;
  readonly topic: string;
  /** Messages that wait, at most. */
  readonly waiting: number;
  /** What they take of the disk, about. */
  readonly bytes: number;
  /** Whether one of its readers is here now. */
  readonly isJoined: boolean;
  /** Seconds since the oldest of them came; undefined when none waits. */
  readonly oldestWaiting: number | undefined;
}

/** The room of a topic. */
export interface StreamTopic {
  readonly topic: string;
  /** Bytes that some group has not read, and those that may be unread. */
  readonly unread: number;
  readonly share: number;
  /** 0 to 1: of its share, of the whole room or of the disk, whichever is fuller; from 0.8 on nothing of the topic is taken in. */
  readonly pressure: number;
  /** The group that has most of it before it; undefined where none has any. */
  readonly heldBy: string | undefined;
  /** Until nothing of it is taken in, at the present rate; undefined where it does not fill. */
  readonly secondsLeft: number | undefined;
}

export interface StreamSpace {
  readonly bytes: number;
  readonly maxBytes: number;
  readonly groups: readonly StreamGroup[];
  readonly topics: readonly StreamTopic[];
}

export interface ReplayedPartition {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly from: bigint;
  readonly messages: bigint;
  /** Of what was not read, and is in no store. */
  readonly skippedFrom: bigint;
  readonly skipped: bigint;
}

/** `time`: ms. */
export type ReplayPlace = 'earliest' | { readonly offset: bigint } | { readonly time: number };

/** What an operator does to the stream; `who` is written into the audit table. Rejects with `stream.…` and `pipeline.…`. */
export interface StreamAdmin {
  forget(who: string, group: string): Promise<void>;
  /** What would come of it, were what is not read passed over. Changes nothing. */
  replayPlan(topic: string, from: ReplayPlace): Promise<readonly ReplayedPartition[]>;
  /** `skipUnread`: what is not read yet may be passed over. */
  replay(who: string, topic: string, from: ReplayPlace, skipUnread: boolean): Promise<readonly ReplayedPartition[]>;
}

export interface BackupState {
  /** `none`: none was made that is known. */
  readonly state: 'none' | 'running' | 'done' | 'failed';
  readonly dir: string | undefined;
  /** What is done now, for people. */
  readonly step: string | undefined;
  readonly bytes: number;
  /** About; 0 until it is known. */
  readonly totalBytes: number;
  /** The moment that it is of, ISO time. */
  readonly point: string | undefined;
  /** How long it took. */
  readonly seconds: number | undefined;
  readonly error: Error | undefined;
}

/** Backups of the whole; rejects with `backup.…`. `who` is written into the audit table. */
export interface BackupAdmin {
  readonly state: BackupState;
  start(who: string, dir: string): Promise<BackupState>;
  /** Leaves nothing of the one that runs. */
  cancel(who: string): void;
}

/** Where a dead letter comes from and why it is one. */
export interface LetterKind {
  /** `ingest`, or `pipeline decode` and the like. */
  readonly stage: string;
  readonly reason: string;
  /** That it was meant for; `-` where nobody knows. */
  readonly topic: string;
  readonly schema: string;
}

export interface Letter extends LetterKind {
  /** `PARTITION/OFFSET` on the topic of the dead. */
  readonly id: string;
  /** ms; when it came there. */
  readonly buried: number;
  readonly rows: number;
  readonly bytes: number;
  readonly sender: string;
  readonly error: string;
  /** Whether somebody has to look at it. */
  readonly state: 'waiting' | 'replayed' | 'dropped';
}

export interface LetterFilter {
  readonly stage?: string | undefined;
  readonly reason?: string | undefined;
  readonly topic?: string | undefined;
}

/** Named ones, or all that wait and fit. */
export type LetterChoice = { readonly ids: readonly string[] } | LetterFilter;

export interface LetterGroup extends LetterKind {
  readonly letters: number;
  readonly rows: number;
  /** ms; of the oldest. */
  readonly since: number;
}

export interface LetterList {
  readonly groups: readonly LetterGroup[];
  /** The oldest first. */
  readonly letters: readonly Letter[];
}

export interface WholeLetter extends Letter {
  readonly headers: Readonly<Record<string, string>>;
  /** The first of its rows, where they can be read. */
  readonly content: readonly Readonly<Record<string, unknown>>[] | undefined;
}

export interface ReplayedLetters {
  readonly replayed: number;
  /** Rows of them that the door drops today, as it would of new ones. */
  readonly droppedRows: number;
  /** Those that cannot be put on their way, and stay. */
  readonly refused: readonly { readonly id: string; readonly reason: string }[];
  /** More wait than are replayed at once. */
  readonly isMore: boolean;
}

/** What no retry could save; rejects with `dead.…`. `who` is written into the audit table. */
export interface DeadLetterAdmin {
  /** `isAll`: those too that are done with. */
  list(filter: LetterFilter, isAll: boolean, limit: number): Promise<LetterList>;
  show(id: string): Promise<WholeLetter>;
  replay(who: string, choice: LetterChoice): Promise<ReplayedLetters>;
  /** How many. */
  drop(who: string, choice: LetterChoice): Promise<number>;
}

/** A counter of what did not reach a store, since the start of the server. */
export interface Drop {
  readonly stage: string;
  readonly reason: string;
  /** What is counted: rows, messages … */
  readonly unit: string;
  readonly count: number;
  /** Whether something is missing for it in the stores; not so for repeats. */
  readonly missing: boolean;
  readonly counter: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What was found wrong at the start and did not prevent it. */
export interface Problem {
  readonly part: string;
  readonly message: string;
  readonly mend: string;
}

export interface ProductStatus {
  readonly version: string;
  readonly instance: string;
  /** ISO time. */
  readonly startedAt: string;
  readonly parts: readonly PartStatus[];
  readonly stores: readonly StoreSpace[];
  /** undefined where the stream does not tell. */
  readonly stream: StreamSpace | undefined;
  readonly drops: readonly Drop[];
  readonly problems: readonly Problem[];
}

export interface SaveAnswer {
  /** As it stands now; undefined: nothing was saved. */
  readonly saved: SavedQuery | undefined;
  /** What stands under the name, where it is not what was changed. */
  readonly stands: SavedQuery | undefined;
  /** With an error among them nothing was saved. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Texts under names; rejects with `saved.…`. `who` is written into the audit table. */
export interface SavedQueries {
  /** By name. */
  list(): Promise<readonly SavedQuery[]>;
  read(name: string): Promise<SavedQuery | undefined>;
  /** Newest first. */
  versions(name: string): Promise<readonly SavedVersion[]>;
  /** Names of the $parameters of a text. */
  parameters(queries: CallerQueries, text: string): Promise<readonly string[]>;
  save(who: string, queries: CallerQueries, given: SavedGiven): Promise<SaveAnswer>;
  rename(who: string, name: string, to: string): Promise<SavedQuery>;
  delete(who: string, name: string): Promise<SavedQuery>;
  undelete(who: string, name: string): Promise<SavedQuery>;
}

export interface AgentRow {
  readonly id: string;
  readonly host: string;
  /** Given with its token. */
  readonly labels: Readonly<Record<string, string>>;
  /** Patterns of other hosts that it may speak for. */
  readonly relays: readonly string[];
  readonly state: 'active' | 'quarantined' | 'revoked';
  /** Why it is not active. */
  readonly reason: string | null;
  /** ns. */
  readonly joined: bigint;
  /** ns; null: never. */
  readonly signedIn: bigint | null;
  /** Sent within a day, as its limits count them. */
  readonly series: number;
  readonly bytes: number;
}

/** Of one sender within a day. */
export interface SenderLimits {
  readonly series: number;
  readonly bytes: number;
}

export interface JoinTokenMade {
  readonly token: string;
  /** ns. */
  readonly expires: bigint;
  /** Who has its host now, and is not to be replaced by it: as long as that is so, nobody joins by the token. */
  readonly heldBy: AgentRow | undefined;
  /** Labels that the host has until now; undefined: it is for any host of a pattern. */
  readonly assigned: Readonly<Record<string, string>> | undefined;
}

/** Of agents that join with a key; rejects with `join.…`, `agent.…`. `who` is written into the audit table. */
export interface Agents {
  /** By host; the revoked ones last. */
  list(): readonly AgentRow[];
  makeToken(
    who: string,
    wish: {
      readonly host: string;
      /** undefined: the host keeps those that it has. */
      readonly labels: Readonly<Record<string, string>> | undefined;
      readonly relays: readonly string[];
      readonly replaces: string | undefined;
    },
  ): Promise<JoinTokenMade>;
  revoke(who: string, id: string): Promise<AgentRow>;
  release(who: string, id: string): Promise<AgentRow>;
  /** Takes a host that is silent off the inventory, with its history. */
  forgetHost(who: string, host: string): Promise<void>;
  readonly limits: SenderLimits;
  readonly isSharedTaken: boolean;
  setShared(who: string, taken: boolean): Promise<void>;
}

export interface AuditFilter {
  /** ns; `until` exclusive. */
  readonly since: bigint | undefined;
  readonly until: bigint | undefined;
  readonly who: string | undefined;
  readonly what: string | undefined;
  /** Named in the detail. */
  readonly about: string | undefined;
  readonly limit: number;
}

export interface AuditEntry {
  readonly id: bigint;
  /** ns. */
  readonly time: bigint;
  readonly who: string;
  readonly what: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface AuditPage {
  /** The newest first. */
  readonly entries: readonly AuditEntry[];
  /** Older ones fit too. */
  readonly isMore: boolean;
}

export interface Services {
  readonly queries: QueryService;
  /** As whoever asks may see them. */
  readonly hosts: (queries: CallerQueries) => Promise<readonly HostRow[]>;
  readonly saved: SavedQueries;
  readonly platform: Platform;
}

/** What is about the installation as a whole, of which no part is anybody's: only who may see every row may see it. */
export interface Platform {
  readonly status: () => Promise<ProductStatus>;
  readonly agents: Agents;
  readonly stream: StreamAdmin;
  readonly backups: BackupAdmin;
  readonly letters: DeadLetterAdmin;
  readonly audit: (filter: AuditFilter) => Promise<AuditPage>;
}

/** Of one request. */
export interface Context {
  readonly services: Services;
  /** As the caller may ask. */
  readonly queries: CallerQueries;
  /** Rejects with `access.some-rows`. */
  readonly platform: Platform;
  /** Who asks, as the audit table names it. */
  readonly who: string;
  /** Else only questions are answered. */
  readonly mayChange: boolean;
  /** Aborted when the caller has gone. */
  readonly signal: AbortSignal;
}
