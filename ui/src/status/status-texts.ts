// The IQL behind the Status page, written once: how many agents are in which state, the worst of them, what they say of themselves.
// Texts only; each has a range of its own where one matters, because the page is always about now.

/** Agents shown in rows. */
export const MOST_AGENTS = 25;

export const AGENT_COUNTS = 'from hosts\n| count by agent_state';

/** Gravest first: silent before late; one stopped on purpose is nobody's trouble. Those heard longest ago first. */
export const WORST_AGENTS = `from hosts
| set gravity = case when agent_state == "silent" then 0 when agent_state == "late" then 1 when agent_state == "reporting" then 2 else 3 end
| sort gravity, last_seen
| limit ${MOST_AGENTS}
| select host, agent_state, last_seen, agent_lag, agent_stopped, agent_version, left_out = labels["agent.left_out"]`;

/** What waits on these hosts, by their newest word. */
export const unsentText = (hosts: readonly string[]): string =>
  `from metrics.inframirror.agent.spool.waiting last 10m\n| where host in (${hosts.map((host) => JSON.stringify(host)).join(', ')})\n| latest\n| select host, value, time`;

/** A counter since the start of the agent: what it says now is what has failed. */
export const FAILED_READERS = `from metrics.inframirror.agent.log.failed last 1d
| latest
| where value > 0
| top 20 by value
| select host, source, reason, value, time`;
