// The settings that the port's contract stands on, and the limits a query has unless its caller names others.

export type Settings = Readonly<Record<string, string | number>>;

/**
 * What a statement means, whatever the server's and its user's profile say: times without a zone, missing values, names, joins, and that a
 * limit is an error and never half an answer. The embedded store has no profile.
 */
export const MEANING: Settings = {
  session_timezone: 'UTC',
  enable_analyzer: 1,
  final: 0,
  use_query_cache: 0,
  join_use_nulls: 0,
  join_default_strictness: 'ALL',
  union_default_mode: '',
  transform_null_in: 0,
  group_by_use_nulls: 0,
  aggregate_functions_null_for_empty: 0,
  prefer_column_name_to_alias: 0,
  cast_keep_nullable: 0,
  data_type_default_nullable: 0,
  force_primary_key: 0,
  force_index_by_date: 0,
  input_format_null_as_default: 0,
  read_overflow_mode: 'throw',
  timeout_overflow_mode: 'throw',
  result_overflow_mode: 'throw',
  group_by_overflow_mode: 'throw',
  sort_overflow_mode: 'throw',
  set_overflow_mode: 'throw',
  join_overflow_mode: 'throw',
  distinct_overflow_mode: 'throw',
  implicit_transaction: 0,
};

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
