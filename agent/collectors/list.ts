// The collectors, in the order they run. A new one is a file beside this one and a line here.
import type { MakeCollector } from './collector.ts';
import { cpu } from './cpu.ts';
import { disk } from './disk.ts';
import { filesystem } from './filesystem.ts';
import { load } from './load.ts';
import { memory } from './memory.ts';
import { network } from './network.ts';
import { own } from './own.ts';
import { paging } from './paging.ts';
import { processCounts } from './process-counts.ts';
import { uptime } from './uptime.ts';

/** First the ones that measure spans, so that what the others cost falls into no gap; last the agent's own, which sees that cost. */
export const COLLECTORS: readonly MakeCollector[] = [cpu, load, disk, network, memory, paging, filesystem, processCounts, uptime, own];
