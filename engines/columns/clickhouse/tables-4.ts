// The fourth version: log lines are written by the insert protocol, so that nothing looks for their messages before an insert any more.

export const LINES_4: readonly string[] = [
  'ALTER TABLE logs DROP INDEX IF EXISTS message_index',
  'ALTER TABLE logs DROP COLUMN IF EXISTS message',
  'ALTER TABLE logs MODIFY SETTING merge_selector_base = 10',
];
