// The queries of a page: the first stands in the address as it always did, others behind it. Pure changes of an address.
import type { Address, Panel } from '../address/address.ts';

const EMPTY_PANEL: Panel = { text: '', view: undefined, draw: undefined, log: false, columns: undefined, saved: undefined };

const panelOf = ({ text, view, draw, log, columns, saved }: Panel): Panel => ({ text, view, draw, log, columns, saved });

export const panelsOf = (address: Address): readonly Panel[] => [panelOf(address), ...address.more];

/** The change of an address to these; at least one. */
const written = ([first = EMPTY_PANEL, ...more]: readonly Panel[]): Partial<Address> => ({ ...first, more });

/** Without a text there is nothing that was saved. */
export const changed = (address: Address, at: number, change: Partial<Panel>): Partial<Address> =>
  written(panelsOf(address).map((panel, i) => (i === at ? { ...panel, ...(change.text === '' ? { saved: undefined } : {}), ...change } : panel)));

export const added = (address: Address): Partial<Address> => written([...panelsOf(address), EMPTY_PANEL]);

export const without = <T>(all: readonly T[], at: number): readonly T[] => all.filter((_, i) => i !== at);

export const removed = (address: Address, at: number): Partial<Address> => written(without(panelsOf(address), at));

/** Two change places. */
export const exchanged = <T>(all: readonly T[], one: number, other: number): readonly T[] =>
  all.flatMap((item, i) => (i === one ? all.slice(other, other + 1) : i === other ? all.slice(one, one + 1) : [item]));

export const swapped = (address: Address, one: number, other: number): Partial<Address> => written(exchanged(panelsOf(address), one, other));
