// Every measure of the server that `/metrics` tells, with its type and what it means. A test holds the names in the code against it.
import type { MeasureType, TelemetryRegistry } from '../../core/telemetry.ts';

type Measures = Readonly<Record<string, readonly [type: MeasureType, help: string]>>;

export const MEASURES: Measures = {
  inframirror_build_info: ['gauge', 'Always 1; the labels say which version runs, on which Node.'],
  process_start_time_seconds: ['gauge', 'When the server started, in seconds since 1970.'],
  process_cpu_seconds_total: ['counter', 'Processor time of the server’s own process, without its stores and the pipeline.'],
  process_resident_memory_bytes: ['gauge', 'Memory of the server’s own process, without its stores and the pipeline.'],
  inframirror_event_loop_delay_p99_seconds: ['gauge', 'How late the server’s one thread came to its work, of 99 in 100 times, within the last half minute.'],
  inframirror_event_loop_delay_max_seconds: ['gauge', 'How late the server’s one thread came to its work at worst, within the last half minute.'],

  inframirror_settings_taken: [
    'gauge',
    'Whether the settings that were read last are in force, 1 or 0: a wrong file changes nothing, and the next start refuses it.',
  ],
  inframirror_problems: [
    'gauge',
    'Problems that the Status page names above its parts and inframirror doctor tells: what was found at the start, as a store whose loss was accepted, wrong settings, a full disk. 0: none.',
  ],
  inframirror_keeps: [
    'gauge',
    'Whether this process does the work that is done once: retention, rollups, upkeep; 1 or 0. Over all processes of an installation it is 1, but for moments.',
  ],
  inframirror_part_ok: [
    'gauge',
    'Whether a part of the status is all right, 1 or 0, as the Status page and inframirror doctor tell it; looked at when this is read.',
  ],
  inframirror_hosts: ['gauge', 'Hosts by how they are heard.'],
  inframirror_hosts_fallen_silent: ['gauge', 'Hosts that are silent, and were heard within a week.'],
  inframirror_agents_standing_still: ['gauge', 'Agents of which nothing comes, by why: cloned, refused, quota, silent, or revoked and still trying.'],

  inframirror_store_bytes: ['gauge', 'What a store takes of its disk, measured each half minute.'],
  inframirror_disk_free_bytes: ['gauge', 'What may still be written to the disk of a store. Below 268435456 nothing is taken in.'],
  inframirror_disk_size_bytes: ['gauge', 'What is used of the disk of a store and what is free: without the blocks that are kept for root, as df counts.'],
  inframirror_store_up: ['gauge', 'Whether a store’s process runs, 1 or 0.'],
  inframirror_store_restarts_total: ['counter', 'How often a store ended by itself and was started again.'],
  inframirror_columns_insert_seconds: ['histogram', 'How long the column store took for an insert, whatever became of it.'],
  inframirror_backup_timestamp_seconds: ['gauge', 'The moment that the last whole backup is of, in seconds since 1970.'],

  inframirror_http_connections: ['gauge', 'Connections that are open.'],
  inframirror_http_connections_refused_total: [
    'counter',
    'Connections that were refused, or ended while they were idle, as more were open than limits.connections.',
  ],
  inframirror_ingest_requests_total: ['counter', 'Requests with frames, by the status of their answer.'],
  inframirror_ingest_bytes_total: ['counter', 'Bytes of the bodies of requests with frames, as they came.'],
  inframirror_ingest_rows_total: ['counter', 'Rows that were taken in.'],
  inframirror_ingest_series: ['gauge', 'Series that were sent within a day.'],
  inframirror_ingest_hosts: ['gauge', 'Hosts that were named within a day, of each sender by itself.'],
  inframirror_ingest_metrics: ['gauge', 'Names of metrics that have a place at the door: those that were new within a month, or since the start.'],
  inframirror_ingest_unknown_columns_total: ['counter', 'Columns of taken parts that this version does not know.'],
  inframirror_dropped_rows_total: ['counter', 'Rows that were not taken in, by the reason that the sender was told.'],
  inframirror_dropped_starts_total: ['counter', 'Starts after their rows’ own time, or before 1970: the rows were taken in, without them.'],
  inframirror_dead_rows_total: ['counter', 'Rows that went to the dead letters since the start.'],
  inframirror_dead_letters: ['gauge', 'Dead letters that wait for somebody: inframirror dead list.'],

  inframirror_query_buckets_total: [
    'counter',
    'Buckets of charts that were answered, by where their rows are from: memory, which holds those that stand still, or store.',
  ],
  inframirror_query_buckets_bytes: ['gauge', 'What is cached of buckets of charts that stand still; 64 MiB at most.'],

  inframirror_stream_bytes: ['gauge', 'What messages take in the stream.'],
  inframirror_stream_max_bytes: ['gauge', 'What messages may take in the stream: the limit, or what the disk leaves.'],
  inframirror_stream_unread_bytes: ['gauge', 'Of a topic, what its slowest group has not read.'],
  inframirror_stream_share_bytes: ['gauge', 'What of a topic may be unread.'],
  inframirror_stream_pressure_ratio: ['gauge', 'How full the stream is for a topic; from 0.8 on the door takes nothing more of it.'],
  inframirror_stream_left_seconds: ['gauge', 'Until the door takes nothing more of a topic, at the rate of the last minutes; infinite where it does not fill.'],
  inframirror_stream_group_waiting_messages: ['gauge', 'Messages that a group has not done, at most.'],
  inframirror_stream_group_unread_bytes: ['gauge', 'What the messages take that a group has not done.'],
  inframirror_stream_group_lag_seconds: ['gauge', 'Age of the oldest message that a group has not done; 0 where none waits.'],
  inframirror_stream_trimmed_messages_total: ['counter', 'Messages that all had read, or that none reads, and that were removed.'],
  inframirror_stream_flush_seconds: ['histogram', 'How long the stream took to bring a commit to the disk.'],

  inframirror_pipeline_process_up: ['gauge', 'Whether the pipeline’s process runs, 1 or 0.'],
  inframirror_pipeline_process_restarts_total: ['counter', 'How often the pipeline’s process ended by itself and was started again.'],
  inframirror_pipeline_process_resident_memory_bytes: ['gauge', 'Memory of the pipeline’s process.'],
  inframirror_pipeline_process_cpu_seconds_total: ['counter', 'Processor time of the pipeline’s process.'],
  inframirror_pipeline_lag_messages: ['gauge', 'Messages of a partition that are not in their store, at most.'],
  inframirror_pipeline_newest_timestamp_seconds: [
    'gauge',
    'Time of the newest row of a topic that its store has, in seconds since 1970; time() less it is its age, which goes on growing when nothing comes.',
  ],
  inframirror_pipeline_round_seconds: ['histogram', 'How long a round took, retries and all.'],
  inframirror_pipeline_written_rows_total: ['counter', 'Rows that were written to the stores.'],
  inframirror_pipeline_definitions_total: ['counter', 'Definitions of series that were written.'],
  inframirror_pipeline_repeated_messages_total: ['counter', 'Messages that had been written before.'],
  inframirror_pipeline_unchecked_lines_total: [
    'counter',
    'Log lines that may have been written before and were not looked for: their sender named too many files at once, or the store could not say.',
  ],
  inframirror_pipeline_repeated_lines_total: ['counter', 'Log lines that were written before, as their sender read its files again.'],
  inframirror_pipeline_lost_messages_total: ['counter', 'Messages that the stream has not kept. Never to rise: please report it.'],
  inframirror_pipeline_unknown_columns_total: ['counter', 'Columns of messages that this version does not know.'],
  inframirror_pipeline_unknown_series_samples_total: ['counter', 'Samples of series whose definition has not come.'],
  inframirror_pipeline_series_forgotten_total: ['counter', 'Series that were let go from memory; they are known again when they come.'],
  inframirror_pipeline_senders_forgotten_total: ['counter', 'Senders that were let go from memory, as they were silent longest.'],
  inframirror_pipeline_retries_total: ['counter', 'How often a store refused what it was given, or did not answer.'],
  inframirror_pipeline_parked_total: ['counter', 'How often a round was parked, as no retry mends it.'],
  inframirror_pipeline_restarts_total: ['counter', 'How often a group began anew from its saved progress.'],
  inframirror_rollups_samples_total: ['counter', 'Samples that were put together by five minutes and by the hour.'],
  inframirror_rollups_hours_waiting: ['gauge', 'Hours that are over and not put together yet.'],
  inframirror_rollups_late_hours_waiting: ['gauge', 'Hours that are to be put together again, as late samples came.'],
  inframirror_rollups_late_hours_total: ['counter', 'Hours that were put together again.'],
  inframirror_rollups_failed_hours_total: ['counter', 'Hours that the store refused to put together; they are tried again.'],
  inframirror_rollups_newest_hour_seconds: ['gauge', 'Start of the newest hour that is put together, in seconds since 1970.'],
  inframirror_retention_removed_days_total: ['counter', 'Days that were removed for their age.'],
  inframirror_retention_removed_rows_total: ['counter', 'Rows that were removed for their age.'],
  inframirror_retention_emergency_days_total: ['counter', 'Days that were removed because the disk was nearly full.'],
};

export const describeMeasures = (telemetry: Pick<TelemetryRegistry, 'describe'>): void => {
  for (const [name, [type, help]] of Object.entries(MEASURES)) telemetry.describe(name, type, help);
};
