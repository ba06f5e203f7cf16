// The schema of the column store, as the ordered list of what was ever done to it. Forward only: a released entry is never
// changed, another one is added. Each statement must do no harm when it is run again (a start may die between two of them).

import type { ColumnStore } from '../port.ts';
import { TABLES_1 } from './tables-1.ts';
import { LEDGER_2 } from './tables-2.ts';
import { LINES_3 } from './tables-3.ts';
import { LINES_4 } from './tables-4.ts';
import { samplesByHour } from './tables-5.ts';
import { ROLLUPS_6 } from './tables-6.ts';
import { LINES_7 } from './tables-7.ts';
import { SERIES_8 } from './tables-8.ts';
import { DISTRIBUTIONS_9 } from './tables-9.ts';
import { LINES_10 } from './tables-10.ts';
import { LINES_11 } from './tables-11.ts';
import { runsAsFloats } from './tables-12.ts';
import { SENDERS_13 } from './tables-13.ts';
import { INSTALLATION_14 } from './tables-14.ts';
import { startMarks } from './tables-15.ts';
import { LINES_16 } from './tables-16.ts';
import { JVM_17 } from './tables-17.ts';

export interface Migration {
  /** 1, 2, 3, … without gaps. */
  readonly version: number;
  /** Or what brings rows over that no statement alone can. */
  readonly statements: readonly string[] | ((columns: Pick<ColumnStore, 'query' | 'command'>) => Promise<void>);
}

export const MIGRATIONS: readonly Migration[] = [
  { version: 1, statements: TABLES_1 },
  { version: 2, statements: LEDGER_2 },
  { version: 3, statements: LINES_3 },
  { version: 4, statements: LINES_4 },
  { version: 5, statements: samplesByHour },
  { version: 6, statements: ROLLUPS_6 },
  { version: 7, statements: LINES_7 },
  { version: 8, statements: SERIES_8 },
  { version: 9, statements: DISTRIBUTIONS_9 },
  { version: 10, statements: LINES_10 },
  { version: 11, statements: LINES_11 },
  { version: 12, statements: runsAsFloats },
  { version: 13, statements: SENDERS_13 },
  { version: 14, statements: INSTALLATION_14 },
  { version: 15, statements: startMarks },
  { version: 16, statements: LINES_16 },
  { version: 17, statements: JVM_17 },
];
