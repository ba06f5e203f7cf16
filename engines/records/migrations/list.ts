// The migrations of the record store in their order; the place in the list is the version.
import { agents } from './agents.ts';
import type { Migration } from './apply.ts';
import { deadLetters } from './dead-letters.ts';
import { heard } from './heard.ts';
import { inventory } from './inventory.ts';
import { keptLabels } from './kept-labels.ts';
import { platform } from './platform.ts';
import { savedQueries } from './saved-queries.ts';
import { seriesHosts } from './series-hosts.ts';
import { seriesHostsByWriter } from './series-hosts-by-writer.ts';

export const MIGRATIONS: readonly Migration[] = [
  inventory, // hosts, their history, events: what the pipeline writes
  platform, // settings, sessions, audit: what the platform keeps on itself
  heard, // when each host was last heard, and the views that `from hosts` reads
  savedQueries, // texts that people keep under a name
  agents, // who may send for which host, and the tokens by which they joined
  deadLetters, // which of them nobody need look at any more
  seriesHosts, // whose each series is, for a server that starts while the column store is away
  seriesHostsByWriter, // the same in rows of bounded size, of which none takes another server's place
  keptLabels, // a host that joins again keeps the labels that were assigned to it
];
