// Where a host, a list of hosts and a text are found: changes of the address. Never writes it.
import type { Address, HostPart, HostsAddress } from '../address/address.ts';
import type { View } from '../result/views.ts';

type Change = Partial<Address>;

const hostsOf = ({ hosts }: Pick<Address, 'hosts'>, change: Partial<HostsAddress>): HostsAddress => ({ ...hosts, ...change });

/** One host; the list keeps its filter and order for the way back. */
export const hostAddress = (at: Pick<Address, 'hosts'>, host: string, part: HostPart = 'overview'): Change => ({
  page: 'host',
  text: '',
  view: undefined,
  hosts: hostsOf(at, { host, part, process: '' }),
});

export const hostListAddress = (at: Pick<Address, 'hosts'>, change: Partial<HostsAddress> = {}): Change => ({
  page: 'hosts',
  text: '',
  view: undefined,
  hosts: hostsOf(at, { host: '', part: 'overview', process: '', ...change }),
});

/** A text in the editor, over the range that is chosen. */
export const textAddress = (text: string, view?: View): Change => ({ page: 'explore', text, view });
