// How the pipeline's process is, and how far it is behind, a line for each group of its topology, whether it answers or not. It decides nothing about
// a group.

import { sizeText } from '../core/size-text.ts';
import type { PartStatus } from '../graphql/service.ts';
import type { Pipeline } from '../pipeline/start.ts';
import { TOPOLOGY } from '../pipeline/topology.ts';
import type { StoreProcess } from './engines.ts';
import type { Look } from './looks.ts';
import { processText } from './process-text.ts';

/** Its process, and what that has used. */
export interface PipelineRun extends StoreProcess {
  readonly usage: { readonly memory: number };
  readonly lastEnd: string | undefined;
}

export const processPart = (pipeline: PipelineRun): PartStatus => {
  const { pid, usage, lastEnd } = pipeline;
  const memory = pid === undefined ? '' : `, ${sizeText(usage.memory)} of memory`;
  const ended = lastEnd === undefined ? '' : `; it ended last with ${lastEnd}`;
  return { name: 'process of the pipeline', state: pid === undefined ? 'down' : 'ok', detail: `${processText(pipeline)}${memory}${ended}` };
};

const lineOf = (group: string): string => group.replace('-', ' ');

export const pipelineLook = (pipeline: Pick<Pipeline, 'status'>): Look => ({
  name: 'pipeline',
  tells: TOPOLOGY.map(({ group }) => lineOf(group)),
  late: 'down',
  read: async () => linesOf(await pipeline.status()),
});

const linesOf = ({ partitions }: Awaited<ReturnType<Pipeline['status']>>): readonly PartStatus[] => {
  const groups = new Map<string, { lag: bigint; trouble: string | undefined }>();
  for (const { group, lag, trouble } of partitions) {
    const known = groups.get(group);
    groups.set(group, { lag: (known?.lag ?? 0n) + lag, trouble: known?.trouble ?? trouble });
  }
  return [...groups].map(([group, { lag, trouble }]) => ({
    name: lineOf(group),
    state: trouble === undefined ? 'ok' : 'degraded',
    detail: `${lag} ${lag === 1n ? 'message' : 'messages'} behind${trouble === undefined ? '' : `; waits: ${trouble}`}`,
  }));
};
