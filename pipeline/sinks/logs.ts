// The sink of log lines where the search store stands on the column store: rows of the table `logs` by the insert protocol, without those that
// stand there already because their sender was set back and read them again.
import { LinePlaces } from '../line-places.ts';
import type { Sink } from '../sink.ts';
import { logLines } from '../stages/log-lines.ts';
import type { ColumnSinkOptions } from './samples.ts';
import { tableSink } from './table.ts';

export const logsSink = (options: ColumnSinkOptions): Sink => {
  const table = tableSink('logs', logLines, options);
  return {
    ...table,
    open: (at) => {
      const part = table.open(at);
      const places = new LinePlaces(options.columns, options.telemetry, options.now);
      return {
        write: async (messages, context) => {
          const { messages: fresh, stand } = await places.fresh(messages, context);
          const letters = await part.write(fresh, context);
          stand();
          return letters;
        },
      };
    },
  };
};
