// Every scalar function as it runs here, by name. The compiler finds a name without an entry.

import type { AnyScalar } from '../../2-semantic/function-names.ts';
import type { ScalarRun } from '../../run/vector.ts';
import { ARITHMETIC } from './arithmetic.ts';
import { COMPARE } from './compare.ts';
import { CONVERSION } from './conversion.ts';
import { LOGIC } from './logic.ts';
import { MATH } from './math.ts';
import { NETWORK } from './network.ts';
import { PATTERN } from './pattern.ts';
import { TEXT } from './text.ts';
import { TIME } from './time.ts';
import { WORDS } from './words.ts';

export const SCALARS: Readonly<Record<AnyScalar, ScalarRun>> = {
  ...ARITHMETIC,
  ...MATH,
  ...COMPARE,
  ...LOGIC,
  ...TEXT,
  ...PATTERN,
  ...WORDS,
  ...TIME,
  ...NETWORK,
  ...CONVERSION,
};
