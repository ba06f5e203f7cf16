// `node check-process.ts FOLDER`: reads every record of a log and ends with 0; it does not live through a damaged one.
import { FIRST_KEY, LAST_KEY, openEnvironment } from './environment.ts';

const { messages, meta, shared } = openEnvironment(process.argv[2] ?? '');
let sum = 0;
for (const database of [meta, messages, shared]) for (const { value } of database.getRange({ start: FIRST_KEY, end: LAST_KEY })) sum += value.at(-1) ?? 0;
process.exit(sum >= 0 ? 0 : 1);
