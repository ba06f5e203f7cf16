// The keeper's tasks, put together over the ports that are handed in. It runs beside a pipeline, whose view of the inventory it shares.
import type { Logger } from '../core/logger.ts';
import type { Telemetry } from '../core/telemetry.ts';
import type { ColumnStore } from '../engines/columns/port.ts';
import type { Records } from '../engines/records/port.ts';
import { type Retention as Kept, RETENTION } from '../schemas/retention.ts';
import { Keeper } from './keeper.ts';
import { Reenricher } from './re-enrich.ts';
import { Retention, type RetentionOptions } from './retention/retention.ts';
import { Rollups } from './rollups/rollups.ts';
import type { Pipeline } from './start.ts';

export interface StartKeeperOptions {
  readonly columns: ColumnStore;
  readonly records: Records;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
  readonly shared: Pipeline['shared'];
  readonly kept?: Kept;
  /** See `RetentionOptions`; default: the disk is not looked at. */
  readonly missingRoom?: () => number;
  readonly hasRoom?: () => boolean;
  readonly stuck?: (isStuck: boolean) => void;
  readonly removing?: RetentionOptions['removing'];
  readonly documents?: RetentionOptions['documents'];
  /** ms. */
  readonly now?: () => number;
}

export const startKeeper = ({
  columns,
  records,
  telemetry,
  logger,
  shared,
  kept = RETENTION,
  missingRoom = () => 0,
  hasRoom = () => true,
  stuck = () => {},
  removing,
  documents,
  now = Date.now,
}: StartKeeperOptions): Keeper => {
  const own = { columns, telemetry, log: logger, now };
  const retention = new Retention({ ...own, records, kept, missingRoom, hasRoom, stuck, ...(removing && { removing }), ...(documents && { documents }) });
  const keeper = new Keeper({
    records,
    log: logger,
    urgent: (signal) => retention.relieve(signal),
    tasks: [
      () => new Reenricher(shared.series, shared.inventory, logger),
      () => retention,
      () => new Rollups({ columns, records, telemetry, log: logger, gate: shared.keeperGate }),
    ],
  });
  keeper.start();
  return keeper;
};
