// The question for words that stand side by side. No part of the product.
import { DOCUMENT, wordTerms } from '../../../../schemas/log-document.ts';

export const phraseOf = (words: string): unknown => ({ match_phrase: { [DOCUMENT.words]: wordTerms(words) } });
