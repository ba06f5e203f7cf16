// One question under way and the last answer to it: the last result stays until the new one is there.
// Knows nothing of how it is shown.
import { type Range, requestRange } from '../address/range.ts';
import { bucketOfText } from '../edit/bucket-width.ts';
import { partsOf } from '../edit/filter-text.ts';
import { refresh } from '../shell/refresh.svelte.ts';
import { askQuery } from './ask-query.ts';
import type { Failure } from './client.ts';
import { session } from './session.svelte.ts';
import type { Diagnostic, Result } from './types.ts';

export interface Asked {
  readonly text: string;
  /** Milliseconds. */
  readonly from: number;
  readonly to: number;
  /** What `now` and `last` meant. */
  readonly at: number;
}

/** As many rows as the server gives at all. */
export const MOST_ROWS = 100_000;

/** Lines of a chart: more of them cannot be told apart. */
export const MOST_LINES = 20;

/** A refresh asks anew what was not answered for so long: its connection may be dead. */
const GIVEN_UP_MS = 30_000;

/** What pages ask by themselves they ask as of such a moment: all who look at one page ask the same, and the server works it out once. */
const BEAT_MS = 5000;

/** Days and weeks are the reader's. */
export const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/**
 * Lines of a chart are whole or wrong, and a number of rows that the text names is meant: both are cut as late as the server allows;
 * other rows where it cuts by itself.
 */
const limitOf = (text: string): number | null => (partsOf(text).some(({ word }) => word === 'every' || word === 'limit') ? MOST_ROWS : null);

interface Form {
  /** Rows asked for; left out: as the text and the server would have it. */
  readonly limit?: number;
  /** Lines for a chart instead of rows, where the text has them. */
  readonly lines?: boolean;
}

export class QueryRun {
  /** The last good result and what was asked for it. */
  result = $state.raw<Result | undefined>();
  asked = $state.raw<Asked | undefined>();
  answeredAt = $state(0);
  /** Of the last run where it gave no result: why. */
  failure = $state.raw<Failure | undefined>();
  rejected = $state.raw<readonly Diagnostic[] | undefined>();
  running = $state(false);
  startedAt = $state(0);
  #drop: (() => void) | undefined;
  #question = '';

  /** Whether what is shown is not the answer to the last question. */
  get stale(): boolean {
    return this.result !== undefined && (this.failure !== undefined || this.rejected !== undefined);
  }

  run(text: string, range: Range, form: Form = {}): void {
    this.#ask(text, range, form, Date.now(), {});
  }

  #ask(text: string, range: Range, { limit, lines = false }: Form, now: number, shared: { readonly maxAge?: number }): void {
    this.#drop?.();
    const request = requestRange(range, now, lines ? bucketOfText(text) : undefined);
    this.running = true;
    this.#question = JSON.stringify([text, range, lines]);
    this.startedAt = Date.now();
    let done = false;
    const form = { limit: limit ?? limitOf(text), ...(lines ? { lines: MOST_LINES } : {}) };
    const drop = askQuery({ text, ...request, ...shared, zone: ZONE, ...form }, ({ data, failure }) => {
      done = true;
      this.running = false;
      this.#drop = undefined;
      this.failure = failure;
      if (failure?.kind === 'signed-out') session.signedOut = true;
      if (data === undefined) return;
      const wrong = data.columns.length === 0 && data.diagnostics.some(({ severity }) => severity === 'error');
      this.rejected = wrong ? data.diagnostics : undefined;
      if (wrong) return;
      this.result = data;
      this.asked = { text, from: Date.parse(request.from), to: Date.parse(request.to), at: request.at === null ? now : Date.parse(request.at) };
      this.answeredAt = Date.now();
    });
    if (!done) this.#drop = drop;
  }

  /** The same once more, as a refresh does it: a question still under way is let be, unless it never seems to be answered. */
  again(text: string, range: Range, form: Pick<Form, 'lines'> = {}): void {
    const isSame = this.#question === JSON.stringify([text, range, form.lines ?? false]);
    if (this.running && isSame && Date.now() - this.startedAt < GIVEN_UP_MS) return;
    const now = Date.now();
    if (isSame && refresh.isTimed) this.#ask(text, range, form, now - (now % BEAT_MS), { maxAge: BEAT_MS / 1000 });
    else this.run(text, range, form);
  }

  stop(): void {
    this.#drop?.();
    this.#drop = undefined;
    this.running = false;
  }

  clear(): void {
    this.stop();
    this.result = undefined;
    this.asked = undefined;
    this.failure = undefined;
    this.rejected = undefined;
  }
}
