// Asks the record store, whose rows become a batch.
import type { Batch, Column } from '../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../core/batch/build.ts';
import type { RecordRow, Records, RecordValue } from '../../engines/records/port.ts';
import type { PlanColumn } from '../3-plan/nodes.ts';
import { kindOf, physicalType } from '../3-plan/physical.ts';
import type { SqlRequest } from '../4-emit/sql-request.ts';
import type { Asker } from './asker.ts';

export const recordsAsker = (records: Pick<Records, 'query'>): Asker<SqlRequest> => ({
  open: async function* ({ text, parameters }, { columns, signal, read }): AsyncGenerator<Batch> {
    const rows = await records.query(text, [...parameters.values()] as RecordValue[], signal === undefined ? {} : { signal });
    read(rows.length, 0);
    yield batchFrom(rows, columns);
  },
});

const batchFrom = (rows: readonly RecordRow[], columns: readonly PlanColumn[]): Batch =>
  batchOf(
    columns.map((c): readonly [string, Column] => {
      const values = rows.map((row) => {
        const v = row[c.name];
        if (v === null || v === undefined) return null;
        if (kindOf(c.type) === 'map') return new Map(Object.entries(v as Record<string, string>));
        if (c.type === 'float') return Number(v);
        return v as bigint | string | boolean;
      });
      return [c.name, columnFrom(physicalType(c.type), values)];
    }),
  );
