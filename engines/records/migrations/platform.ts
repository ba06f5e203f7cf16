// What the platform keeps on itself: settings, browser sessions, and who did what.
import type { Migration } from './apply.ts';

export const platform: Migration = {
  name: 'platform',
  sql: `
CREATE TABLE settings (
  key text PRIMARY KEY,
  value jsonb NOT NULL
);

-- Only the hash of a session's id is kept: whoever reads this table cannot use it. Times in ns.
CREATE TABLE sessions (
  hash bytea PRIMARY KEY,
  created int8 NOT NULL,
  expires int8 NOT NULL
);
CREATE INDEX sessions_expires ON sessions (expires);

CREATE TABLE audit (
  id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  time int8 NOT NULL,
  who text NOT NULL,
  what text NOT NULL,
  detail jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_time ON audit (time);
`,
};
