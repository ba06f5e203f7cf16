// The second version: when each mark of the ledger was made, by the store's clock, so that old ones can be told from new ones and removed.

export const LEDGER_2: readonly string[] = [
  "ALTER TABLE dirty ADD COLUMN IF NOT EXISTS marked DateTime64(3, 'UTC') DEFAULT now64(3)",
  // Else the marks from before would be as of now for ever.
  'ALTER TABLE dirty MATERIALIZE COLUMN marked SETTINGS mutations_sync = 2',
];
