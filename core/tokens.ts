// One meaning of "ignores case" and of "token" for contains, has and search; the emitters and the search engines follow it.
//
// Exactly: `fold(text)` is Unicode's lower case of the whole text (as toLowerCase, ICU's root locale) with ς made σ. A token is a maximal
// run of letters and digits (\p{L}, \p{N}) of the folded text.

export const fold = (text: string): string => text.toLowerCase().replaceAll('ς', 'σ');

export const TOKEN = /[\p{L}\p{N}]+/gu;

/** The tokens of a text, folded, in order. */
export const tokensOf = (text: string): readonly string[] => fold(text).match(TOKEN) ?? [];
