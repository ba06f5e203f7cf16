// What tells this machine from one that its disk was copied to.
import { hash } from 'node:crypto';
import { hostname } from 'node:os';
import type { HostFiles } from './host-files.ts';

export const machineOf = (files: HostFiles): string => (files.ascii('/etc/machine-id') ?? files.ascii('/var/lib/dbus/machine-id') ?? '').trim() || hostname();

/** A hash of it: what is kept and told says nothing else of the machine. */
export const machinePrint = (machine: string): string => hash('sha256', machine, 'hex').slice(0, 32);
