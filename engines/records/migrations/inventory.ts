// The inventory and the events, columns as `schemas/catalogue.ts` names them.
// Times are int8 nanoseconds since the epoch: timestamptz keeps only microseconds.
import type { Migration } from './apply.ts';

const HOST_COLUMNS = `
  host text NOT NULL,
  id text,
  os text,
  kernel text,
  architecture text,
  cores int8,
  memory int8,
  addresses text[],
  region text,
  datacenter text,
  env text,
  role text,
  owner text,
  labels jsonb NOT NULL DEFAULT '{}',
  agent_version text,
  sender text NOT NULL`;

export const inventory: Migration = {
  name: 'inventory',
  sql: `
-- One row a host as it is now; sender is the agent that told it, by which other signals find it.
CREATE TABLE hosts (${HOST_COLUMNS},
  first_seen int8 NOT NULL,
  last_seen int8 NOT NULL,
  PRIMARY KEY (host)
);
CREATE INDEX hosts_id ON hosts (id);
CREATE INDEX hosts_sender ON hosts (sender);

-- What held from valid_from up to, not including, valid_to; missing valid_to: it holds now.
CREATE TABLE hosts_history (${HOST_COLUMNS},
  valid_from int8 NOT NULL,
  valid_to int8,
  PRIMARY KEY (host, valid_from),
  CHECK (valid_to > valid_from)
);
CREATE UNIQUE INDEX hosts_history_current ON hosts_history (host) WHERE valid_to IS NULL;

-- boot and seq are unsigned 64-bit numbers, for which int8 is too narrow.
CREATE TABLE events (
  time int8 NOT NULL,
  kind text NOT NULL,
  title text NOT NULL,
  host text,
  service text,
  region text,
  datacenter text,
  env text,
  role text,
  owner text,
  attributes jsonb NOT NULL DEFAULT '{}',
  sender text NOT NULL,
  boot numeric(20) NOT NULL,
  seq numeric(20) NOT NULL,
  "row" int8 NOT NULL,
  PRIMARY KEY (sender, boot, seq, "row")
);
CREATE INDEX events_time ON events (time);
CREATE INDEX events_kind_time ON events (kind, time);
CREATE INDEX events_host_time ON events (host, time);
`,
};
