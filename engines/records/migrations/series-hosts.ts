// Whose each series is, as the door knows it, so that a server that starts while the column store is away knows it too.
import type { Migration } from './apply.ts';

export const seriesHosts: Migration = {
  name: 'series hosts',
  sql: `
-- A row holds all series of a sender, or, without one, those that a server (writer) was told of lately. hosts: JSON, [[host, number of
-- its series], …]; ids: those series in that order, 8 bytes each, little end first. noted in ns.
CREATE TABLE series_hosts (
  id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  sender text UNIQUE,
  writer text NOT NULL,
  noted int8 NOT NULL,
  hosts text NOT NULL,
  ids bytea NOT NULL
);
CREATE INDEX series_hosts_noted ON series_hosts (noted);
`,
};
