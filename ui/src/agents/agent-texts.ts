// The IQL behind the page of agents. Texts only; each has a range of its own where one matters, because the page is about now.

const AGENT_METRIC = (name: string): string => `from metrics.inframirror.agent.${name} last 10m\n| latest\n| select host, value, time\n| limit 10000`;

export const AGENT_HOSTS =
  'from hosts\n| select host, agent_state, last_seen, agent_lag, agent_stopped, agent_version, left_out = labels["agent.left_out"]\n| limit 10000';
export const UNSENT_BYTES = AGENT_METRIC('spool.waiting');
export const UNSENT_OLDEST = AGENT_METRIC('spool.oldest');
