// The five machines of the planted fleet, as data: their programs, disks and lines. All are well, with the small troubles that every fleet has,
// but for one disk that is full. How they come to the product is `fleet.ts`.
import { PLANTED } from './causes.ts';

export interface Program {
  readonly name: string;
  readonly user: string;
  /** Share of one processor, and MiB. */
  readonly cpu: number;
  readonly memory: number;
}

export interface Java {
  readonly main: string;
  readonly user: string;
  readonly collector: string;
  /** MiB, and the share that is used after collections. */
  readonly heap: number;
  readonly used: number;
}

export interface Line {
  readonly severity: string;
  readonly service: string;
  readonly source: string;
  readonly body: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly numbers?: Readonly<Record<string, number>>;
}

export interface Machine {
  readonly host: string;
  readonly role: string;
  readonly owner: string;
  /** Share of all processors. */
  readonly cpu: number;
  readonly programs: readonly Program[];
  readonly jvms?: readonly Java[];
  /** Share that is used by mountpoint, at a moment from 0 (the first) to 1 (all was planted). */
  readonly disks: Readonly<Record<string, (moment: number) => number>>;
  /** Of the step so numbered. */
  readonly lines: (step: number, moment: number) => readonly Line[];
}

const every = (steps: number, step: number, line: Line): readonly Line[] => (step % steps === 0 ? [line] : []);
const SYSTEM: readonly Program[] = [
  { name: 'systemd', user: 'root', cpu: 0.001, memory: 12 },
  { name: 'sshd', user: 'root', cpu: 0.001, memory: 9 },
];
const auth = (severity: string, body: string): Line => ({ severity, service: 'sshd', source: '/var/log/auth.log', body });
const steady = (share: number) => (): number => share;

const web = (host: string, cpu: number): Machine => ({
  host,
  role: 'web',
  owner: 'shop',
  cpu,
  programs: [...SYSTEM, { name: 'nginx', user: 'www-data', cpu: 0.3, memory: 80 }, { name: 'node', user: 'shop', cpu: 0.4, memory: 420 }],
  disks: { '/': steady(0.41), '/var': steady(0.63) },
  lines: (step) => [
    { severity: 'info', service: 'shop', source: '/var/log/shop/shop.log', body: `rendered ${40 + (step % 9)} pages` },
    ...every(9, step, { severity: 'error', service: 'nginx', source: '/var/log/nginx/error.log', body: 'recv() failed (104: Connection reset by peer)' }),
    ...every(7, step, auth('warn', 'Failed password for invalid user admin')),
  ],
});

export const MACHINES: readonly Machine[] = [
  web('web-1', 0.31),
  web('web-2', 0.28),
  {
    host: 'db-1',
    role: 'database',
    owner: 'ines',
    cpu: 0.44,
    programs: [...SYSTEM, { name: 'postgres', user: 'postgres', cpu: 0.55, memory: 6200 }, { name: 'autovacuum', user: 'postgres', cpu: 0.2, memory: 300 }],
    disks: { '/': steady(0.35), '/var/lib/postgresql': steady(0.78) },
    lines: (step) => [
      { severity: 'info', service: 'postgres', source: '/var/log/postgresql/postgresql.log', body: `checkpoint complete: wrote ${300 + step} buffers` },
      ...every(20, step, {
        severity: 'error',
        service: 'postgres',
        source: '/var/log/postgresql/postgresql.log',
        body: 'canceling statement due to user request',
      }),
    ],
  },
  {
    host: 'cache-1',
    role: 'cache',
    owner: 'shop',
    cpu: 0.12,
    programs: [...SYSTEM, { name: 'redis-server', user: 'redis', cpu: 0.25, memory: 3900 }],
    disks: { '/': steady(0.22) },
    lines: (step) => [
      ...every(6, step, { severity: 'info', service: 'redis', source: '/var/log/redis/redis.log', body: 'Background saving terminated with success' }),
    ],
  },
  {
    host: PLANTED.full,
    role: 'orders',
    owner: 'jon',
    cpu: 0.2,
    programs: [...SYSTEM, { name: 'ordersd', user: 'orders', cpu: 0.35, memory: 900 }],
    disks: { '/': steady(0.38), [PLANTED.mount]: (moment) => Math.min(1, 0.9 + moment / 5) },
    lines: (step, moment) => [
      moment < 0.5
        ? { severity: 'info', service: 'orders', source: '/var/log/orders.log', body: `stored ${20 + (step % 7)} orders` }
        : { severity: 'error', service: 'orders', source: '/var/log/orders.log', body: 'order refused: cannot write: no space left on device' },
    ],
  },
];
