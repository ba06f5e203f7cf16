// When the door last heard each host, and the hosts as they are asked for: inventory and that together. Times are int8 nanoseconds.
// Only the views know the thresholds of `schemas/host-state.ts`; other numbers there need a later migration that makes them again.
import { LATE_MS, SILENT_MS } from '../../../schemas/host-state.ts';
import type { Migration } from './apply.ts';

const FACTS = 'host, id, os, kernel, architecture, cores, memory, addresses, region, datacenter, env, role, owner, labels, agent_version, sender';
const OF_HOST = FACTS.split(', ')
  .map((name) => `h.${name}`)
  .join(', ');

export const heard: Migration = {
  name: 'heard',
  sql: `
-- Beside the inventory, not in it: its rows change every few seconds, the inventory's hardly ever.
-- sender, boot and seq name the newest frame; stop_boot is the run that said it ends.
CREATE TABLE hosts_heard (
  host text PRIMARY KEY,
  sender text,
  boot numeric(20),
  seq numeric(20),
  heard int8,
  lag int8,
  started int8,
  stopped int8,
  stop_boot numeric(20)
);

CREATE VIEW hosts_now AS
SELECT *, CASE
    WHEN agent_stopped IS NOT NULL THEN 'stopped'
    WHEN last_seen < now_ns - ${SILENT_MS}::int8 * 1000000 THEN 'silent'
    WHEN last_seen < now_ns - ${LATE_MS}::int8 * 1000000 OR agent_lag > ${LATE_MS}::int8 * 1000000 THEN 'late'
    ELSE 'reporting'
  END AS agent_state
FROM (
  SELECT ${OF_HOST}, h.first_seen, coalesce(s.heard, h.last_seen) AS last_seen, s.lag AS agent_lag, s.started AS agent_started,
    CASE WHEN s.stop_boot >= coalesce(s.boot, 0) THEN s.stopped END AS agent_stopped,
    (extract(epoch FROM statement_timestamp()) * 1000000)::int8 * 1000 AS now_ns
  FROM hosts AS h LEFT JOIN hosts_heard AS s ON s.host = h.host
) AS t;

-- How an agent was at a moment is not kept.
CREATE VIEW hosts_now_history AS
SELECT ${FACTS}, valid_from, valid_to, NULL::int8 AS agent_lag, NULL::int8 AS agent_started, NULL::int8 AS agent_stopped, NULL::text AS agent_state
FROM hosts_history;
`,
};
