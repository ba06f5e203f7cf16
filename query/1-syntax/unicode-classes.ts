// The names that `\p{…}` takes in a regular expression: categories and scripts that every store and the runner know
// and mean the same by. (`C` is not among them: the runner counts what no version of Unicode has assigned yet, the stores do not.)

const CATEGORIES = 'Any Cc Cf Co L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs';
const SCRIPTS =
  'Arabic Armenian Balinese Bengali Bopomofo Braille Buginese Cham Cherokee Common Coptic Cuneiform Cyrillic Devanagari Ethiopic Georgian ' +
  'Glagolitic Gothic Greek Gujarati Gurmukhi Han Hangul Hebrew Hiragana Inherited Javanese Kannada Katakana Khmer Lao Latin Malayalam ' +
  'Mongolian Myanmar Nko Ogham Oriya Runic Samaritan Sinhala Syriac Tamil Telugu Thaana Thai Tibetan Tifinagh Vai Yi';

export const UNICODE_CLASSES: ReadonlySet<string> = new Set(`${CATEGORIES} ${SCRIPTS}`.split(' '));
