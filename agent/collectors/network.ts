// Traffic of network interfaces and connections by state, from /proc/net. The ends of containers' virtual cables are left out:
// they come and go, and what they carry is seen on their bridge and in the container.
import { fieldsOf } from '../host-files.ts';
import type { MakeCollector } from './collector.ts';

const LEFT_OUT = /^(veth|cali|lxc|cni[0-9a-f]{6}|ifb|dummy|tunl|sit|gre|ip6tnl|tap[0-9a-f]{8})/;

/** network.connection.state by the number in /proc/net/tcp. */
const STATES = [
  'established',
  'syn_sent',
  'syn_received',
  'fin_wait_1',
  'fin_wait_2',
  'time_wait',
  'close',
  'close_wait',
  'last_ack',
  'listen',
  'closing',
  'new_syn_received',
] as const;

/** Byte of `0A` and the like in a line of /proc/net/tcp, which has its columns at fixed places after the number of the line. */
const stateOf = (line: string): number => {
  const first = line.indexOf(': ');
  const local = line.indexOf(' ', first + 2);
  const remote = line.indexOf(' ', local + 1);
  return Number.parseInt(line.slice(remote + 1, remote + 3), 16);
};

const countStates = (text: string | undefined, into: Int32Array): boolean => {
  if (text === undefined) return false;
  let at = text.indexOf('\n') + 1;
  while (at > 0 && at < text.length) {
    const end = text.indexOf('\n', at);
    const state = stateOf(text.slice(at, Math.min(at + 160, end === -1 ? text.length : end)));
    if (state >= 1 && state <= STATES.length) into[state - 1] = (into[state - 1] as number) + 1;
    at = end === -1 ? 0 : end + 1;
  }
  return true;
};

export const network: MakeCollector = (instruments, { files }) => {
  const labels = ['device', 'direction'];
  const io = instruments.counter('system.network.io', 'By', 'Bytes received and sent', ...labels);
  const packets = instruments.counter('system.network.packets', '{packet}', 'Packets received and sent', ...labels);
  const errors = instruments.counter('system.network.errors', '{error}', 'Packets that were faulty', ...labels);
  const dropped = instruments.counter('system.network.dropped', '{packet}', 'Packets dropped without being faulty', ...labels);
  const connections = instruments.gauge('system.network.connections', '{connection}', 'TCP connections by state, UDP sockets', 'protocol', 'state');
  const counts = new Int32Array(STATES.length);
  return {
    name: 'network',
    collect: () => {
      for (const line of (files.text('/proc/net/dev') ?? '').split('\n').slice(2)) {
        const colon = line.indexOf(':');
        const device = line.slice(0, colon).trim();
        if (colon < 0 || LEFT_OUT.test(device)) continue;
        const v = fieldsOf(line.slice(colon + 1)).map(Number);
        io.set(v[0], device, 'receive');
        packets.set(v[1], device, 'receive');
        errors.set(v[2], device, 'receive');
        dropped.set(v[3], device, 'receive');
        io.set(v[8], device, 'transmit');
        packets.set(v[9], device, 'transmit');
        errors.set(v[10], device, 'transmit');
        dropped.set(v[11], device, 'transmit');
      }
      counts.fill(0);
      const four = countStates(files.ascii('/proc/net/tcp'), counts);
      const six = countStates(files.ascii('/proc/net/tcp6'), counts);
      if (four || six) for (const [i, state] of STATES.entries()) connections.set(counts[i] as number, 'tcp', state);
      const udp = ['/proc/net/sockstat', '/proc/net/sockstat6'].map((name) => /^UDP6?: inuse (\d+)/m.exec(files.ascii(name) ?? '')?.[1]);
      if (udp[0] !== undefined) connections.set(Number(udp[0]) + Number(udp[1] ?? 0), 'udp', '');
    },
  };
};
