// The agents of the kill test in one process to kill: the real spool and the real sender, with rows of our own making. Arguments: folder,
// port, first time. It notes in a file, safe from its own death, which frames may come (before they are made) and which must (when the spool
// has them). Every tenth acknowledged frame is sent again. SIGTERM: no new frames, the rest is sent, then it ends.
import { mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Sender } from '../../agent/send.ts';
import { Spool } from '../../agent/spool/spool.ts';
import { sharedWay } from '../../agent/testing/shared-way.ts';
import { silentLogger } from '../../core/logger.ts';
import { AGENTS, frameOf } from './kill-load.ts';

const [dir = '', port = '', firstText = ''] = process.argv.slice(2);
const url = `http://127.0.0.1:${port}`;
const FRAME_MS = 40;
const MOST_WAITING = 200;
let isDraining = false;
process.once('SIGTERM', () => {
  isDraining = true;
});
process.stdout.write('ready\n');
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const readLines = (path: string): readonly string[] => {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch {
    return [];
  }
};

/** Until the server takes it: it was acknowledged once, so it must take it again. */
const sendAgain = async (body: Uint8Array): Promise<void> => {
  for (;;) {
    const status = await fetch(`${url}/ingest/frames`, { method: 'POST', headers: { 'content-encoding': 'zstd' }, body: Buffer.from(body) }).then(
      async (answer) => {
        await answer.text();
        return answer.status;
      },
      () => 0,
    );
    // 409: so late that the door cannot tell it from other rows under its seq; then it takes nothing.
    if (status === 200 || status === 409) return;
    await sleep(200);
  }
};

const runAgent = async (agent: string): Promise<void> => {
  const folder = join(dir, agent);
  mkdirSync(folder, { recursive: true });
  const ledgerPath = join(folder, 'ledger');
  const before = readLines(ledgerPath);
  const ledger = openSync(ledgerPath, 'a');
  const note = (line: string): void => {
    writeSync(ledger, `${line}\n`);
  };
  const boot = BigInt(before.filter((line) => line.startsWith('start')).length + 1);
  note(`start ${boot}`);
  let n = before.filter((line) => line.startsWith('may')).length;
  const spool = new Spool({ folder: join(folder, 'spool'), limitBytes: 1 << 28, segmentBytes: 1 << 20, fsync: true });
  const bodies = new Map<number, Uint8Array>();
  const again = new Set<Promise<void>>();
  let acknowledged = 0;
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, 'none');
  const stopping = new AbortController();
  const sender = new Sender(
    spool,
    { server: url, fsync: true, retryMs: 50, retryMostMs: 400, refusedMs: 400 },
    sharedWay(url, tokenFile, stopping, 20_000),
    {
      acknowledged: ({ seq, boot: of }) => {
        const body = of === String(boot) ? bodies.get(seq) : undefined;
        bodies.delete(seq);
        if (body === undefined || ++acknowledged % 10 !== 0) return;
        note(`again ${seq}`);
        const sent = sleep(Math.random() * 400)
          .then(() => sendAgain(body))
          .finally(() => again.delete(sent));
        again.add(sent);
      },
      refused: (_, reason) => note(`refused ${reason}`),
    },
    silentLogger,
    stopping,
  );
  sender.start();
  for (let seq = 1; !isDraining; await sleep(FRAME_MS)) {
    if (spool.stats.frames > MOST_WAITING) continue;
    note(`may ${n}`);
    const { body, parts, rows } = frameOf(agent, boot, seq, n, Number(firstText), seq === 1);
    bodies.set(seq, body);
    spool.append({ boot: String(boot), seq, parts, rows }, body);
    await spool.sync();
    note(`must ${n}`);
    sender.notify();
    seq += parts;
    n++;
  }
  await sender.drain(120_000);
  await Promise.all(again);
  await sender.stop();
  note(spool.stats.frames === 0 ? 'drained' : 'not drained');
};

await Promise.all(AGENTS.map(runAgent));
process.exit(0);
