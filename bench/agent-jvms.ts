// What five JVMs cost the agent: CPU and memory of a real one beside them and without, and what reading them once costs by itself.
import { setTimeout } from 'node:timers/promises';
import { HostFiles } from '../agent/host-files.ts';
import { JvmTable } from '../agent/jvm/jvm-table.ts';
import { Mask } from '../agent/mask/mask.ts';
import { ProcessTable } from '../agent/processes/process-table.ts';
import { findJdks, JDKS_MISSING, Jvms } from '../agent/testing/java.ts';
import { agentCost, costFigures } from './agent.ts';
import { cpuSeconds, type Figure, short } from './figure.ts';

const COLLECTORS = ['G1', 'G1', 'Serial', 'Parallel', 'Z'];
/** Long enough for a JVM to have its file. */
const SETTLED_MS = 6000;

const reading = async (): Promise<readonly Figure[]> => {
  const options = { files: new HostFiles('/'), host: 'h', mask: new Mask(true, []), leftOut: () => undefined };
  const processes = new ProcessTable({ ...options, systemStart: 0 });
  const jvms = new JvmTable(options);
  await processes.sample(Date.now());
  const rows = (await jvms.sample(Date.now(), processes.seen())).length;
  const each = await cpuSeconds(() => jvms.sample(Date.now(), processes.seen()), 10);
  const all = await cpuSeconds(() => processes.sample(Date.now()), 10);
  const what = `reading ${rows} JVMs among ${[...processes.seen()].length} processes`;
  return [{ what, value: `${short(each * 1e3)} CPU-ms`, against: `${short(all * 1e3)} reading the processes`, ratio: each / all }];
};

export const run = async (): Promise<readonly Figure[]> => {
  const [jdk] = findJdks() ?? [];
  if (jdk === undefined) throw new Error(JDKS_MISSING);
  const without = await agentCost();
  const jvms = new Jvms();
  try {
    await jvms.compile(jdk);
    await Promise.all(COLLECTORS.map((collector) => jvms.start(jdk, [`-XX:+Use${collector}GC`])));
    await setTimeout(SETTLED_MS);
    return [...costFigures('without them', without), ...costFigures('beside five JVMs', await agentCost()), ...(await reading())];
  } finally {
    await jvms.close();
  }
};
