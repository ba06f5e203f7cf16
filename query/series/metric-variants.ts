// What senders say a metric is: kind, temporality, unit. They should agree; where they do not, what most hosts say holds, so that no one of
// them changes what all others mean. Of as many hosts, what was said first.
import type { MetricKind, Temporality } from '../../schemas/types.ts';

export interface MetricMeaning {
  readonly kind: MetricKind;
  readonly temporality: Temporality;
  /** UCUM; empty: unknown. */
  readonly unit: string;
}

/** What may change without changing what samples mean: as told last. */
export interface MetricWords {
  readonly description: string;
  /** ms; 0: unknown. */
  readonly interval: number;
}

interface Variant {
  readonly key: string;
  readonly meaning: MetricMeaning;
  words: MetricWords;
  /** Since when somebody says so, and when it was told last, ms. */
  since: number;
  seen: number;
}

/** More are as the last of them. */
const MOST_VARIANTS = 256;

export class MetricVariants {
  readonly #variants: Variant[] = [];
  /** By series; none where all say the same. */
  #of: Uint8Array | undefined;

  /** What a series says from `since` on, told at `seen` (ms). Whether anything of the metric may be otherwise than before. */
  tell(series: number, meaning: MetricMeaning, words: MetricWords, { since, seen }: { readonly since: number; readonly seen: number }): boolean {
    const key = `${meaning.kind} ${meaning.temporality} ${meaning.unit}`;
    const known = this.#variants.length;
    let place = this.#variants.findIndex((v) => v.key === key);
    if (place < 0 && this.#variants.length < MOST_VARIANTS) place = this.#variants.push({ key, meaning, words, since, seen }) - 1;
    if (place < 0) place = MOST_VARIANTS - 1;
    const variant = this.#variants[place] as Variant;
    let changed = this.#variants.length > known || since < variant.since;
    variant.since = Math.min(variant.since, since);
    if (seen >= variant.seen) {
      changed ||= words.description !== variant.words.description || words.interval !== variant.words.interval;
      variant.seen = seen;
      variant.words = words;
    }
    if (place === 0 && this.#of === undefined) return changed;
    const of = this.#of ?? new Uint8Array(0);
    this.#of = of;
    if (series >= of.length) {
      this.#of = new Uint8Array(Math.max(series + 1, of.length * 2));
      this.#of.set(of);
    }
    changed ||= this.#of[series] !== place;
    this.#of[series] = place;
    return changed;
  }

  /** What holds for the metric: for so many series, or for these. `hostOf`: a number of the host of a series, −1 of one without. */
  chosen(series: number | Int32Array, hostOf: (series: number) => number): MetricMeaning & MetricWords {
    const of = this.#of;
    const hosts = this.#variants.map(() => new Set<number>());
    const among = typeof series === 'number' ? undefined : series;
    const size = typeof series === 'number' ? series : series.length;
    for (let i = 0; of !== undefined && i < size; i++) {
      const one = among?.[i] ?? i;
      hosts[of[one] ?? 0]?.add(hostOf(one));
    }
    const most = Math.max(...hosts.map(({ size }) => size));
    const [best] = this.#variants.filter((_, i) => of === undefined || hosts[i]?.size === most).sort((a, b) => a.since - b.since || (a.key < b.key ? -1 : 1));
    const { meaning, words } = best as Variant;
    return { ...meaning, ...words };
  }
}
