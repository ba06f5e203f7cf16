// Real JVMs for tests: the JDKs of this machine, one a major version, and a small program that is compiled once and runs until it is ended.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface Jdk {
  readonly major: number;
  /** As `java.version` has it. */
  readonly version: string;
  readonly home: string;
}

const run = promisify(execFile);
const FOLDER = '/usr/lib/jvm';

/** Told by a visible skip where a machine has them not. */
export const JDKS_MISSING = `JDKs of two versions from 17 on are needed below ${FOLDER}, as by: apt-get install openjdk-17-jdk-headless openjdk-25-jdk-headless`;

const jdkOf = (home: string): readonly Jdk[] => {
  if (!existsSync(join(home, 'bin/javac')) || !existsSync(join(home, 'release'))) return [];
  const version = /^JAVA_VERSION="([^"]+)"/m.exec(readFileSync(join(home, 'release'), 'utf8'))?.[1];
  const major = Number(version?.split('.')[0]);
  return version === undefined || !(major >= 17) ? [] : [{ major, version, home }];
};

/** The oldest first; undefined where there are fewer than two. */
export const findJdks = (): readonly Jdk[] | undefined => {
  const homes = existsSync(FOLDER) ? new Set(readdirSync(FOLDER).map((name) => realpathSync(join(FOLDER, name)))) : [];
  const found = [...new Map([...homes].flatMap(jdkOf).map((jdk) => [jdk.major, jdk])).values()].sort((a, b) => a.major - b.major);
  return found.length < 2 ? undefined : found;
};

/** Keeps 32 MiB, collects, says so, and takes some memory for each line it reads; ends with its input. */
const SOURCE = `import java.util.*;
public class Shop {
  static final List<byte[]> kept = new ArrayList<>();
  static volatile Object last;
  public static void main(String[] args) throws Exception {
    for (int i = 0; i < 32; i++) kept.add(new byte[1 << 20]);
    for (int i = 0; i < 500; i++) last = new byte[1 << 18];
    System.gc();
    System.out.println("ready");
    while (System.in.read() >= 0) {
      for (int i = 0; i < 500; i++) last = new byte[1 << 18];
      System.gc();
      System.out.println("worked");
    }
  }
}
`;

/** Programs that end with \`close\`. */
export class Jvms {
  readonly folder = mkdtempSync(join(tmpdir(), 'jvms-'));
  readonly #children: ChildProcess[] = [];

  /** With the JDK whose classes all others can run. */
  async compile({ home }: Jdk): Promise<void> {
    writeFileSync(join(this.folder, 'Shop.java'), SOURCE);
    await run(join(home, 'bin/javac'), ['-d', this.folder, join(this.folder, 'Shop.java')]);
  }

  /** Resolves when it is ready. */
  async start({ home }: Jdk, options: readonly string[], args: readonly string[] = [], how: { readonly uid?: number } = {}): Promise<Jvm> {
    const child = spawn(join(home, 'bin/java'), [...this.#given(options), ...args], { stdio: ['pipe', 'pipe', 'inherit'], ...how });
    return this.#ready(child, home);
  }

  /** With a `/tmp` and numbers of processes of its own, as in a container; the number is of what holds it. */
  async startContained({ home }: Jdk): Promise<Jvm> {
    // What is compiled is below the `/tmp` that is covered.
    const script = 'mount --bind "$1" /mnt && mount -t tmpfs tmpfs /tmp && shift && exec "$@"';
    const given = [this.folder, join(home, 'bin/java'), ...this.#given([], '/mnt'), '--contained'];
    const child = spawn('unshare', ['-m', '-p', '-f', '--kill-child', 'sh', '-c', script, 'sh', ...given], { stdio: ['pipe', 'pipe', 'inherit'] });
    return this.#ready(child, home);
  }

  #given(options: readonly string[], folder: string = this.folder): readonly string[] {
    return ['-Xmx256m', '-XX:TieredStopAtLevel=1', ...options, '-cp', folder, 'Shop'];
  }

  async #ready(child: ChildProcess, home: string): Promise<Jvm> {
    this.#children.push(child);
    const jvm = new Jvm(child, home);
    await jvm.says('ready');
    return jvm;
  }

  async close(): Promise<void> {
    await Promise.all(
      this.#children.map((child) => {
        if (child.exitCode !== null || child.signalCode !== null) return undefined;
        const ended = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGKILL');
        return ended;
      }),
    );
    rmSync(this.folder, { recursive: true });
  }
}

export class Jvm {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #home: string;

  constructor(child: ChildProcess, home: string) {
    this.#child = child;
    this.#home = home;
    this.pid = child.pid as number;
  }

  says(word: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const ended = (): void => reject(new Error('the JVM ended by itself'));
      this.#child.once('exit', ended);
      this.#child.stdout?.once('data', (text: Buffer) => {
        this.#child.off('exit', ended);
        if (text.toString().trim() === word) resolve();
        else reject(new Error(`the JVM said ${text}`));
      });
    });
  }

  async work(): Promise<void> {
    this.#child.stdin?.write('\n');
    await this.says('worked');
  }

  /** Its performance counters, as the JDK's own tool reads them. */
  async counters(): Promise<ReadonlyMap<string, string>> {
    const { stdout } = await run(join(this.#home, 'bin/jcmd'), [String(this.pid), 'PerfCounter.print'], { maxBuffer: 1 << 20 });
    return new Map(
      stdout.split('\n').flatMap((line) => {
        const at = line.indexOf('=');
        return at === -1 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const];
      }),
    );
  }

  async end(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
  }
}
