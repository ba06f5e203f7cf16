// Words in the place of a secret that are none: they say that there is none, or that it was taken out, or what follows.

/** Say that there is none, or are counts. */
const NOTHING = /^(?:\*{3,}|null|nil|none|true|false|undefined|yes|no|\d{0,3})$/i;
/** Characters of the longest of them that is no row of `*`. */
const MOST_NOTHING = 9;
/** A word for what is to stand there, or that it was taken out; a tag that ends. */
const PLACEHOLDER =
  /^(?:\/[a-z][\w.:-]*|[a-z]|(?:[a-z]+[-_.])*(?:my|your)?(?:pass(?:w(?:or)?d|phrase|code)?|pwd|secret|token|key|credentials?|cookie|value|string)|(?:your|my|the|some|insert|enter)[-_.][a-z_.-]+|redacted|masked|hidden|removed|filtered|omitted|secure|sensitive|empty|blank|unset|not[-_]set|changeme|[x.*-]+|\$?\{[\w.-]+\})$/i;
/** Characters of the longest of them that are looked at. */
const MOST_PLACEHOLDER = 256;
/** The credential follows the word. */
export const SCHEME = /^(?:bearer|basic|digest|negotiate|token|apikey|aws4-hmac-sha256)$/i;

export const isNone = (text: string, from: number, to: number): boolean =>
  from === to || ((to - from <= MOST_NOTHING || text[from] === '*') && NOTHING.test(text.slice(from, to)));

export const isPlaceholder = (text: string, from: number, to: number): boolean => to - from <= MOST_PLACEHOLDER && PLACEHOLDER.test(text.slice(from, to));
