// What the head of the first page asks about hosts: how many in which state, the silent and late ones, names to choose from; and what an
// earlier visit knew of them. Never asks.
import type { Scope } from './ready-texts.ts';

/** So many can be chosen from a list; beyond it a name is typed. */
export const MOST_CHOICES = 200;
/** So many that are not heard stand in words. */
export const MOST_TROUBLED = 4;

export const NOT_HEARD = 'agent_state in ("silent", "late")';

export const TROUBLED = `from hosts
| where ${NOT_HEARD}
| sort agent_state desc, last_seen desc
| limit ${MOST_TROUBLED}
| select host, agent_state, last_seen, agent_lag, agent_stopped`;

/** Of those whose names hold these letters, where there are letters. */
export const namesText = (letters: string): string =>
  `from hosts${letters === '' ? '' : `\n| where host contains ${JSON.stringify(letters)}`}\n| sort host\n| limit ${MOST_CHOICES + 1}\n| select host`;

/** What an earlier visit kept; whatever else stands there is nothing. */
export const keptScope = (kept: string | null): Scope | undefined => {
  try {
    const { kind, hosts } = JSON.parse(kept ?? '{}') as { readonly kind?: unknown; readonly hosts?: unknown };
    if (kind === 'one') return { kind, host: undefined };
    return kind === 'all' && Number.isInteger(hosts) && (hosts as number) >= 0 ? { kind, hosts: hosts as number } : undefined;
  } catch {
    return undefined;
  }
};
