// Enrolled agents and the tokens by which they joined. Times are int8 nanoseconds.
import type { Migration } from './apply.ts';

export const agents: Migration = {
  name: 'agents',
  sql: `
-- id is made of the key, and is the sender of what the agent tells. told: labels that it tells and that are assigned otherwise.
CREATE TABLE agents (
  id text PRIMARY KEY,
  key bytea NOT NULL,
  host text NOT NULL,
  labels jsonb NOT NULL DEFAULT '{}',
  relays text[] NOT NULL DEFAULT '{}',
  machine text NOT NULL,
  joined int8 NOT NULL,
  token text NOT NULL,
  admitted_by text NOT NULL,
  boot numeric(20) NOT NULL DEFAULT 0,
  run bytea,
  signed_in int8,
  state text NOT NULL CHECK (state IN ('active', 'quarantined', 'revoked')),
  reason text,
  told jsonb NOT NULL DEFAULT '{}'
);
-- A host has one agent; names differ in more than case.
CREATE UNIQUE INDEX agents_host ON agents (lower(host)) WHERE state <> 'revoked';

-- The secret goes when the token is used; the rest stays a while, so that a second use is told from a wrong token.
CREATE TABLE join_tokens (
  id text PRIMARY KEY,
  secret bytea,
  host text NOT NULL,
  labels jsonb NOT NULL DEFAULT '{}',
  relays text[] NOT NULL DEFAULT '{}',
  replaces text,
  who text NOT NULL,
  made int8 NOT NULL,
  expires int8 NOT NULL,
  used int8,
  agent text
);
CREATE INDEX join_tokens_expires ON join_tokens (expires);
`,
};
