// The server and an agent as systemd runs them, with a socket of its kind listened to: ready when they answer, alive while they run,
// reloading and ready again on SIGHUP, stopping when they are told to. No child of theirs speaks for them.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { describeWith } from '../support/need.ts';
import { eventually, newFolder, ROOT, startProduct } from './support/product.ts';

/** A datagram socket prints each message as one line; Node itself has none. */
const LISTENER = `use IO::Socket::UNIX; use Socket; $| = 1;
my $socket = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $ARGV[0]) or die $!; print "listening\\n";
while (defined $socket->recv(my $text, 65536)) { $text =~ s/\\n/ /g; print "$text\\n"; }`;

const found = ((): string | undefined => {
  try {
    execFileSync('systemd-notify', ['--version'], { stdio: 'ignore' });
    execFileSync('perl', ['-MIO::Socket::UNIX', '-e', '1'], { stdio: 'ignore' });
    return 'systemd-notify';
  } catch {
    return undefined;
  }
})();

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const listening = async (folder: string): Promise<{ readonly socket: string; readonly heard: () => readonly string[] }> => {
  const socket = join(folder, 'notify');
  const child: ChildProcess = spawn('perl', ['-e', LISTENER, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  ends.push(() => child.kill());
  await eventually('a listener', async () => text.startsWith('listening') && existsSync(socket));
  return {
    socket,
    heard: () =>
      text
        .split('\n')
        .slice(1, -1)
        .map((line) => line.replace(/^BARRIER=1 ?/, '').trim())
        .filter((line) => line !== ''),
  };
};

describeWith('told to systemd', found, 'systemd-notify or perl is missing', () => {
  test('the server', async () => {
    const folder = await newFolder();
    ends.push(() => rm(folder, { recursive: true, force: true }));
    const { socket, heard } = await listening(folder);
    // Its own agent runs too: it must not be heard.
    const product = await startProduct({ folder: join(folder, 'data'), env: { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '400000' } });
    ends.push(() => product.stop());
    await eventually('ready', async () => heard().length > 0);
    expect(heard()[0]).toBe(`READY=1 STATUS=answers at ${product.origin}/`);
    await eventually('signs of life', async () => heard().filter((line) => line === 'WATCHDOG=1').length >= 3);
    product.child.kill('SIGHUP');
    await eventually('ready again', async () => heard().filter((line) => line.startsWith('READY=1')).length === 2);
    expect(heard().filter((line) => line !== 'WATCHDOG=1')[1]).toMatch(/^RELOADING=1 MONOTONIC_USEC=\d+$/);
    expect((await product.get('/-/ready')).status).toBe(200);
    expect(await product.stop()).toEqual({ code: 0, signal: null });
    expect(
      heard()
        .filter((line) => line !== 'WATCHDOG=1')
        .slice(3),
    ).toEqual(['STOPPING=1 STATUS=stopping']);
  });

  test('a server that hangs gives no sign of life', async () => {
    const folder = await newFolder();
    ends.push(() => rm(folder, { recursive: true, force: true }));
    const { socket, heard } = await listening(folder);
    const product = await startProduct({ folder: join(folder, 'data'), args: ['--no-agent'], env: { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '200000' } });
    ends.push(() => product.kill());
    await eventually('signs of life', async () => heard().length > 2);
    product.child.kill('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 500));
    const before = heard().length;
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(heard().length).toBe(before);
    product.child.kill('SIGCONT');
    await eventually('signs of life again', async () => heard().length > before + 1);
  });

  test('an agent, and where the program is missing it runs all the same', async () => {
    const folder = await newFolder();
    ends.push(() => rm(folder, { recursive: true, force: true }));
    const { socket, heard } = await listening(folder);
    const programs = join(folder, 'programs');
    mkdirSync(programs);
    symlinkSync('/usr/bin/id', join(programs, 'id'));
    const product = await startProduct({ folder: join(folder, 'data'), args: ['--no-agent'], env: { NOTIFY_SOCKET: socket, PATH: `${programs}:/usr/sbin` } });
    ends.push(() => product.stop());
    await eventually('a warning', async () => product.heard.stderr.includes('systemd is not told how the service is'));
    expect(heard()).toEqual([]);
    const args = [
      'agent',
      '--server',
      product.origin,
      '--token-file',
      join(folder, 'data/agent-token'),
      '--data',
      join(folder, 'agent'),
      '--no-journal',
      '--logs',
      join(folder, 'none'),
    ];
    const agent = spawn(process.execPath, [join(ROOT, 'app/main.ts'), ...args], { cwd: ROOT, stdio: 'ignore', env: { ...process.env, NOTIFY_SOCKET: socket } });
    ends.push(() => agent.kill('SIGKILL'));
    await eventually('ready', async () => heard().includes(`READY=1 STATUS=sends to ${product.origin}`));
    agent.kill('SIGTERM');
    await new Promise((resolve) => agent.once('close', resolve));
    expect(heard().at(-1)).toBe('STOPPING=1 STATUS=stopping');
  });
});
