// What stands behind `inframirror agent` to administer agents, as its help says it. By itself: an agent's host has no more of the program
// than the agent needs (docs/guide/another-host.md).
import type { Options } from './arguments.ts';

export const TOKEN_OPTIONS: Options = {
  host: { type: 'string', value: 'NAME|PATTERN', summary: 'name of the host that joins by the token, or a pattern with * and ?' },
  label: {
    type: 'string',
    multiple: true,
    value: 'KEY=VALUE',
    summary: 'label of the host, which wins over what its agent tells; without, the host keeps those assigned to it',
  },
  'no-labels': { type: 'boolean', summary: 'takes away the labels that were assigned to the host' },
  replace: { type: 'string', value: 'ID', summary: 'the agent whose place it takes' },
  relay: { type: 'string', multiple: true, value: 'PATTERN', summary: 'other hosts that the agent may speak for' },
};

export const ADMINISTRATION = {
  token: {
    usage: 'agent token --host NAME|PATTERN [--label KEY=VALUE … | --no-labels] [--replace ID] [OPTIONS]',
    summary: 'Makes a join token: good for one agent, within an hour. It is printed once.',
  },
  list: { usage: 'agent list [OPTIONS]', summary: 'Lists the agents that have joined.' },
  revoke: { usage: 'agent revoke ID [OPTIONS]', summary: 'Ends the rights of an agent at once; its host may join again.' },
  release: { usage: 'agent release ID [OPTIONS]', summary: 'Lets an agent that was quarantined go on.' },
  forget: { usage: 'agent forget HOST [OPTIONS]', summary: 'Takes a host that is gone, or never was, off the inventory; its data stay.' },
  shared: { usage: 'agent shared on|off [OPTIONS]', summary: 'Takes the token that all agents share, or no longer.' },
} as const;

export type AdministrationName = keyof typeof ADMINISTRATION;
