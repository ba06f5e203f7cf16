// Arrow IPC: our writer and reader against apache-arrow's, on the rows of a frame, per CPU-second.
import { RecordBatchReader, tableFromIPC, tableToIPC } from 'apache-arrow';
import { type Batch, FLOAT, INT64, type TextColumn, TIME_MS, UTF8 } from '../core/batch/batch.ts';
import { batchOf, columnFrom } from '../core/batch/build.ts';
import { decodeStream } from '../core/ipc/read.ts';
import { encodeStream } from '../core/ipc/write.ts';
import { cpuSeconds, type Figure, short } from './figure.ts';

const ROWS = 10_000;

const samples = (): Batch =>
  batchOf([
    [
      'time',
      columnFrom(
        TIME_MS,
        Array.from({ length: ROWS }, (_, i) => BigInt(1.7e12 + i * 15)),
      ),
    ],
    [
      'id',
      columnFrom(
        INT64,
        Array.from({ length: ROWS }, (_, i) => BigInt(i * 7919)),
      ),
    ],
    [
      'value',
      columnFrom(
        FLOAT,
        Array.from({ length: ROWS }, (_, i) => i / 10),
      ),
    ],
  ]);

const lines = (): Batch => {
  const dictionary = columnFrom(UTF8, ['nginx', 'postgres', 'kernel', 'sshd']) as TextColumn;
  const indices = Int32Array.from({ length: ROWS }, (_, i) => i % 4);
  return batchOf([
    [
      'time',
      columnFrom(
        TIME_MS,
        Array.from({ length: ROWS }, (_, i) => BigInt(1.7e12 + i * 15)),
      ),
    ],
    ['service', { layout: 'dictionary', type: UTF8, length: ROWS, validity: undefined, indices, dictionary }],
    [
      'body',
      columnFrom(
        UTF8,
        Array.from({ length: ROWS }, (_, i) => (i % 50 === 0 ? null : `GET /api/v1/things/${i} HTTP/1.1 200 ${i * 13} "Mozilla/5.0 (X11; Linux x86_64)"`)),
      ),
    ],
  ]);
};

const perCpuSecond = (what: string, rows: number, ours: number, theirs: number): Figure => ({
  what,
  value: `${short(rows / ours)} rows/CPU-s`,
  against: `${short(rows / theirs)} rows/CPU-s (apache-arrow)`,
  ratio: theirs / ours,
});

export const run = async (): Promise<readonly Figure[]> => {
  const figures: Figure[] = [];
  for (const [name, batch] of [
    ['samples', samples()],
    ['log lines', lines()],
  ] as const) {
    const bytes = encodeStream([batch]);
    const table = tableFromIPC(bytes);
    const calls = 100;
    figures.push(
      perCpuSecond(
        `IPC encode, ${name}`,
        ROWS,
        await cpuSeconds(() => encodeStream([batch]), calls),
        await cpuSeconds(() => tableToIPC(table, 'stream'), calls),
      ),
    );
    // apache-arrow's reader only looks at the metadata; ours checks every offset, index and text, so the door's reading is shown twice.
    const reading = await cpuSeconds(() => [...RecordBatchReader.from(bytes)].length, calls);
    figures.push(perCpuSecond(`IPC decode, ${name}, text trusted`, ROWS, await cpuSeconds(() => decodeStream(bytes, { validateUtf8: false }), calls), reading));
    figures.push(perCpuSecond(`IPC decode, ${name}, all checked`, ROWS, await cpuSeconds(() => decodeStream(bytes), calls), reading));
  }
  return figures;
};
