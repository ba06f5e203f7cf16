// Options of Node under which the agent is started as a process of its own: together they spare about 12 MB of memory.
// Measured on two cores with 120 series and 100 processes: 86 MB without, 74 MB with them, for 0.1 % of a core more or less. At 1,000 log
// lines a second the quick compiler alone (Maglev) takes 1.2 % of a core, without any it is 1.5 %, for 5 MB.

/** A young generation of 1 MB, no costly optimising compiler for code that runs every ten seconds, one helper thread. */
export const AGENT_NODE_FLAGS: readonly string[] = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=1', '--no-turbofan', '--v8-pool-size=1'];
