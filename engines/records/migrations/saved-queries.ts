// Texts that people keep under a name, each with its former versions. Times are int8 nanoseconds.
import type { Migration } from './apply.ts';

export const savedQueries: Migration = {
  name: 'saved queries',
  sql: `
-- A deleted one stays a while so that it can be brought back; its name is free at once.
CREATE TABLE saved_queries (
  id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text COLLATE "C" NOT NULL,
  version int4 NOT NULL,
  deleted int8
);
CREATE UNIQUE INDEX saved_queries_name ON saved_queries (name) WHERE deleted IS NULL;
CREATE INDEX saved_queries_deleted ON saved_queries (deleted) WHERE deleted IS NOT NULL;

CREATE TABLE saved_query_versions (
  query int8 NOT NULL REFERENCES saved_queries ON DELETE CASCADE,
  version int4 NOT NULL,
  text text NOT NULL,
  description text NOT NULL,
  range text,
  saved int8 NOT NULL,
  who text NOT NULL,
  PRIMARY KEY (query, version)
);
`,
};
