// How much the embedded column store may use, and the configuration file that tells it so.
import { totalmem } from 'node:os';

export interface EngineLimits {
  /** Memory of the whole store, in bytes. */
  readonly memoryBytes: number;
  /** Statements at once. */
  readonly statements: number;
  /** How long a start waits for another process to let go of the folder. */
  readonly lockMs: number;
  /** How long its process may be silent before it is ended and started again. */
  readonly hungMs: number;
}

/** Begins the child's line on stderr that it did not open the folder; what the library said of it came before. */
export const NOT_OPENED = 'the folder was not opened: ';

const MIB = 1 << 20;

/** A quarter of the machine's memory, at least 768 MiB and at most 4 GiB. */
export const defaultLimits = (): EngineLimits => ({
  memoryBytes: Math.max(768 * MIB, Math.min(4096 * MIB, Math.floor(totalmem() / 4))),
  statements: 24,
  lockMs: 30_000,
  hungMs: 30_000,
});

/** Beside the statements: kills, and the child's own file work. */
const SPARE_THREADS = 8;
export const threadPoolSize = (limits: EngineLimits): number => limits.statements + SPARE_THREADS;

/** Caches are bounded far below the defaults, which are made for machines that do nothing else. */
export const configText = ({ memoryBytes }: EngineLimits): string => `<clickhouse>
  <max_server_memory_usage>${memoryBytes}</max_server_memory_usage>
  <mark_cache_size>${Math.floor(memoryBytes / 16)}</mark_cache_size>
  <primary_index_cache_size>${Math.floor(memoryBytes / 16)}</primary_index_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <page_cache_max_size>0</page_cache_max_size>
  <query_cache><max_size_in_bytes>0</max_size_in_bytes></query_cache>
</clickhouse>
`;
