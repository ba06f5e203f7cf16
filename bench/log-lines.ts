// What log lines cost the agent: CPU of a real agent that follows files into which a thousand lines a second are written, traces joined.
// Beside it the same agent's without a line, since its other parts run too, with a few, since a frame a second has its price however small,
// and what four times as many lines add. Seconds of CPU by the kernel's account: other work on the machine makes them longer, but not by its own.
import { spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Mask, newMaskState } from '../agent/mask/mask.ts';
import { Suspects } from '../agent/mask/suspects.ts';
import { AGENT_NODE_FLAGS } from '../agent/node-flags.ts';
import { Sink } from '../agent/testing/sink.ts';
import { costOf, cpuSeconds, type Figure, short } from './figure.ts';

const SECONDS = 30;
/** Until what comes again and again is compiled. */
const WARM_MS = 40_000;
/** Writes a second. */
const WRITES = 10;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The n-th entry of a mix: logback with a trace now and then, pino's JSON, a web server's accesses. */
const entry = (n: number): readonly [file: string, lines: string, count: number] => {
  const now = new Date();
  const iso = now.toISOString();
  const stamp = iso.slice(0, 23).replace('T', ' ').replace('.', ',');
  const kind = n % 20;
  if (kind === 0)
    return ['app.log', `${stamp} ERROR [main] c.e.App - order ${n} failed\njava.lang.Error: no\n\tat c.e.App.run(App.java:7)\n\tat c.e.B.run(B.java:3)\n`, 4];
  if (kind < 8) return ['app.log', `${stamp} INFO [http-${n % 9}] c.e.App - order ${n} taken in ${n % 97} ms by user=${n % 1000}\n`, 1];
  if (kind < 14)
    return [
      'json.log',
      `{"level":30,"time":${now.getTime()},"pid":7,"hostname":"h","reqId":"${n}","req":{"method":"GET","url":"/a/${n}"},"res":{"statusCode":200},"responseTime":${n % 97},"msg":"request completed"}\n`,
      1,
    ];
  const date = `${iso.slice(8, 10)}/${MONTHS[now.getUTCMonth()]}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`;
  return ['access.log', `10.0.0.${n % 250} - - [${date}] "GET /a/${n} HTTP/1.1" 200 ${n % 5000} "-" "curl/8.0"\n`, 1];
};

/** Seconds of CPU that looking for secrets in one line takes, here; one line in twenty has some. */
const maskCost = (): Promise<number> => {
  const lines = Array.from({ length: 2000 }, (_, n) =>
    n % 20 === 7 ? `login of user=${n} password=p${n} Authorization: Bearer t${n}0123456789` : entry(n)[1].trimEnd(),
  );
  const mask = new Mask(true, []);
  const state = newMaskState();
  const suspects = new Suspects();
  const stretch = Buffer.from(lines.join('\n'));
  const look = (): void => {
    suspects.scan(stretch);
    let from = 0;
    for (const line of lines) {
      mask.line(line, state, !suspects.isIn(from, from + line.length));
      from += line.length + 1;
    }
  };
  return cpuSeconds(look, 10).then((seconds) => seconds / lines.length);
};

export const run = async (): Promise<readonly Figure[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-log-lines-'));
  const sink = await Sink.start();
  writeFileSync(join(folder, 'token'), sink.token);
  const settings = { server: sink.url, tokenFile: join(folder, 'token'), folder: join(folder, 'data'), logs: [`${folder}/*.log`], journal: false };
  const child = spawn(process.execPath, [...AGENT_NODE_FLAGS, fileURLToPath(new URL('../agent/testing/child.ts', import.meta.url)), JSON.stringify(settings)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let n = 0;
  let written = 0;
  const write = (lines: number): void => {
    const files = new Map<string, string>();
    for (let taken = 0; taken < lines; ) {
      const [file, text, count] = entry(n++);
      taken += count;
      written += count;
      files.set(file, (files.get(file) ?? '') + text);
    }
    for (const [file, text] of files) appendFileSync(join(folder, file), text);
  };
  /** Of a core, %, and how many lines a second there were. */
  const measured = async (perSecond: number): Promise<{ readonly cpu: number; readonly rate: number }> => {
    const timer = perSecond === 0 ? undefined : setInterval(() => write(perSecond / WRITES), 1000 / WRITES);
    await after(WARM_MS);
    const [before, lines, began] = [costOf(child.pid as number).cpu, written, performance.now()];
    await after(SECONDS * 1000);
    const seconds = (performance.now() - began) / 1000;
    clearInterval(timer);
    return { cpu: ((costOf(child.pid as number).cpu - before) / seconds) * 100, rate: (written - lines) / seconds };
  };
  try {
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const idle = await measured(0);
    const few = await measured(WRITES);
    const some = await measured(1000);
    const many = await measured(4000);
    const each = ((many.cpu - some.cpu) / (many.rate - some.rate)) * 1e4;
    return [
      {
        what: 'agent: CPU at 1,000 log lines / s (goal 1 %)',
        value: `${short(some.cpu)} % of a core`,
        against: `${short(idle.cpu)} % without a line, ${short(few.cpu)} % with ${short(few.rate)} lines / s; ${short(some.rate)} lines / s`,
        ratio: some.cpu / idle.cpu,
      },
      {
        what: 'agent: of it the lines and their frames',
        value: `${short(some.cpu - idle.cpu)} % of a core`,
        against: `${short(few.cpu - idle.cpu)} % is a frame a second`,
        ratio: undefined,
      },
      {
        what: 'agent: CPU of one more log line',
        value: `${short(each)} µs`,
        against: `${short(many.cpu)} % at ${short(many.rate)} lines / s`,
        ratio: undefined,
      },
      {
        what: 'agent: of it looking for secrets',
        value: `${short((await maskCost()) * 1e6)} µs`,
        against: `${short(each)} µs a line`,
        ratio: undefined,
      },
    ];
  } finally {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
    await sink.stop();
    rmSync(folder, { recursive: true });
  }
};
