// Log lines as documents on their way to Elasticsearch: this process's time for 100,000 of them, from rows to answered requests, beside the bare
// sending of the same bytes; and the making of those bytes beside an object and `JSON.stringify` a line. What answers is a stand-in that reads the
// requests and says yes, in a process of its own: the cluster's own time is no part of it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Batch, columnOf, type Value, valueAt } from '../core/batch/batch.ts';
import { batchOf, columnFrom } from '../core/batch/build.ts';
import { concatBatches } from '../core/batch/concat.ts';
import { DayNames } from '../engines/search/elasticsearch/days.ts';
import { LineDocuments } from '../engines/search/elasticsearch/encode.ts';
import { Bytes } from '../engines/search/elasticsearch/json-bytes.ts';
import { openElasticsearch } from '../engines/search/elasticsearch/open.ts';
import { takeRows } from '../pipeline/block.ts';
import { documentLines } from '../pipeline/stages/log-lines.ts';
import { wordTerms } from '../schemas/log-document.ts';
import { SIGNAL_FIELDS, TABLE_FIELDS } from '../schemas/tables.ts';
import { cpuSeconds, type Figure, short } from './figure.ts';

const LINES = 100_000;
const FRAME = 500;
const FROM = BigInt(Date.UTC(2026, 10, 21)) * 1_000_000n;
const WORDS = 'order payment cart user session cache index upstream refused accepted retry slow done found missing closed'.split(' ');

const STAND_IN = `require('node:http').createServer((q, a) => {
  let lines = 0;
  q.on('data', (d) => { for (let i = d.indexOf(10); i >= 0; i = d.indexOf(10, i + 1)) lines++; });
  q.on('end', () => {
    const json = q.url.startsWith('/_bulk') ? '{"errors":false,"items":[' + Array(lines >> 1).fill('{"create":{"status":201}}').join() + ']}'
      : q.url === '/' ? '{"version":{"number":"9.5.3"}}' : JSON.stringify({ [q.url.split('/')[1]]: { mappings: { _meta: { inframirror: 1 } } } });
    a.writeHead(200, { 'content-type': 'application/json', 'content-length': json.length, 'x-elastic-product': 'Elasticsearch' });
    a.end(json);
  });
}).listen(0, '127.0.0.1', function () { process.stdout.write(String(this.address().port)); });`;

/** As an agent sends them: a line of JSON with its message, two attributes that are text and one that is a number. */
const frame = (index: number): Batch => {
  const of = (name: string, row: number): Value => {
    const line = index * FRAME + row;
    const word = (at: number): string => WORDS[(line * 7 + at * 13 + (line >> at)) % WORDS.length] as string;
    const body = `${word(1)} ${word(2)} ${word(3)} ${word(4)} ${line} in ${line % 900} ms`;
    switch (name) {
      case 'time':
        return FROM + BigInt(line) * 20_000_000n;
      case 'severity':
        return line % 9 === 0 ? 'error' : 'info';
      case 'body':
        return body;
      case 'raw':
        return `{"time":"2026-11-21T00:00:00.000Z","level":"info","msg":"${body}","path":"/api/${word(5)}","status":200}`;
      case 'service':
        return 'shop';
      case 'host':
        return `web-${index % 50}`;
      case 'source':
        return '/var/log/shop.log';
      case 'attributes':
        return new Map([
          ['path', `/api/${word(5)}`],
          ['request_id', (line * 2654435761).toString(16)],
        ]);
      case 'numbers':
        return new Map([['status', 200]]);
      case 'file':
        return BigInt(index % 50);
      case 'position':
        return BigInt(line * 200);
      default:
        return null;
    }
  };
  return batchOf(
    SIGNAL_FIELDS.logs.map(
      ({ name, type }) =>
        [
          name,
          columnFrom(
            type,
            Array.from({ length: FRAME }, (_, row) => of(name, row)),
          ),
        ] as const,
    ),
  );
};

const linesOf = (): Batch => {
  const [first, ...others] = Array.from({ length: LINES / FRAME }, (_, i) => {
    const stored = { topic: 'im.logs', partition: 0, offset: BigInt(i), key: '', headers: {}, value: new Uint8Array(0) };
    const message = { stored, schema: 'logs', sender: `agent-${i % 50}`, boot: 1n, seq: BigInt(i), received: 0n, latest: undefined, batch: frame(i) } as const;
    return documentLines(message, { of: () => [] });
  });
  return takeRows(concatBatches([first as Batch, ...others]), [{ from: 0, to: LINES }], 1n);
};

export const run = async (): Promise<readonly Figure[]> => {
  const lines = linesOf();
  const names = new DayNames('inframirror');
  const encode = (): Bytes => {
    const documents = new LineDocuments(lines, names);
    const out = new Bytes(64 << 20);
    for (let row = 0; row < LINES; row++) documents.write(row, out, { mayBe: () => true });
    return out;
  };
  const asObjects = (): number => {
    let bytes = 0;
    const columns = TABLE_FIELDS.logs.map(({ name }) => [name, columnOf(lines, name)] as const);
    for (let row = 0; row < LINES; row++) {
      const document = Object.fromEntries(
        columns.map(([name, column]) => {
          const value = valueAt(column, row);
          return [name, value instanceof Map ? Object.fromEntries(value) : typeof value === 'bigint' ? String(value) : value];
        }),
      ) as Record<string, Value>;
      document.words = wordTerms(`${document.head}${document.body}${document.tail}`);
      bytes += Buffer.byteLength(`{"create":{"_index":"${names.name(20_000)}","_id":"${row}"}}\n${JSON.stringify(document)}\n`);
    }
    return bytes;
  };
  const made = encode();
  const [own, objects] = [await cpuSeconds(encode, 1), await cpuSeconds(asObjects, 1, 3)];

  const child = spawn(process.execPath, ['-e', STAND_IN], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [port] = (await once(child.stdout, 'data')) as [Buffer];
    const url = `http://127.0.0.1:${port}`;
    const { search, writer } = openElasticsearch({ nodes: [url] });
    const { signal } = new AbortController();
    const sent = await cpuSeconds(() => writer.begin(lines).send(signal), 1);
    const bytes = made.bytes.subarray(0, made.length);
    const bare = await cpuSeconds(async () => {
      for (let at = 0; at < bytes.length; at += 8 << 20)
        await (await fetch(`${url}/_bulk`, { method: 'POST', body: new Uint8Array(bytes.subarray(at, at + (8 << 20))) })).arrayBuffer();
    }, 1);
    await search.close();
    return [
      {
        what: `CPU for ${LINES} log lines to Elasticsearch (${short(made.length / 1e6)} MB)`,
        value: `${short(sent)} s`,
        against: `${short(bare)} s, the bytes alone`,
        ratio: sent / bare,
      },
      { what: 'of it the making of documents', value: `${short(own)} s`, against: `${short(objects)} s, an object a line`, ratio: own / objects },
    ];
  } finally {
    child.kill();
  }
};
