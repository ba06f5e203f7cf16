// The settings that the port's contract stands on, and the limits a query has unless its caller names others.

export type Settings = Readonly<Record<string, string | number>>;

/** What one caller's query may use when nothing else is said. */
export const QUERY_LIMITS: Settings = {
  max_execution_time: 30,
  max_rows_to_read: '2000000000',
  max_result_bytes: String(512 << 20),
  max_memory_usage: String(1 << 30),
};

/** Answers in Arrow as `core/ipc` reads it; errors come before the first byte; text longer than usual may be a parameter. */
export const ANSWER: Settings = {
  wait_end_of_query: 1,
  output_format_arrow_compression_method: 'none',
  output_format_arrow_string_as_string: 1,
  output_format_arrow_low_cardinality_as_dictionary: 0,
  output_format_arrow_fixed_string_as_fixed_byte_array: 0,
};

/** One insert is one block and so one part, or is refused; it is answered when it is written, not when it is queued. */
export const ONE_PART: Settings = {
  async_insert: 0,
  max_insert_threads: '1',
  max_threads: 1,
  max_block_size: '1000000000',
  max_insert_block_size: '1000000000',
  min_insert_block_size_rows: '1000000000',
  min_insert_block_size_bytes: '0',
  max_partitions_per_insert_block: '1',
  throw_on_max_partitions_per_insert_block: 1,
  // Of two rows with one key merges and FINAL choose; looking for them in each block costs more than all else that is done for it.
  optimize_on_insert: 0,
  // A missing value in a column that has none is an error, not a default.
  input_format_null_as_default: 0,
  insert_null_as_default: 0,
};
