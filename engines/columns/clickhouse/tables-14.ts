// The fourteenth version: whose the store is and how far it has come with the others, as rows. It is told every few minutes, and an insert that
// finds no room leaves all as it was; a definition that is written anew on a full disk is left empty, and the store never starts again.

/** One row after merges, that of the greatest `no`. Each is on disk before the next one is made. `generation`: as `generationText` has it. */
const INSTALLATION = `CREATE TABLE IF NOT EXISTS installation (
  no UInt64,
  installation String,
  tables Array(String),
  generation String
) ENGINE = ReplacingMergeTree(no)
ORDER BY installation
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1`;

export const INSTALLATION_14: readonly string[] = [INSTALLATION];
