// A change of a host's inventory in words for people, for whoever tells it: the agent, or the pipeline where the agent did not.

const WORDS: Readonly<Record<string, string>> = {
  id: 'machine id',
  os: 'operating system',
  architecture: 'processor architecture',
  cores: 'processors',
  memory: 'memory in bytes',
  agent_version: 'agent version',
  'labels.agent.left_out': 'what its agent may not read',
};
const MOST_CHANGES = 3;
const MOST_VALUE = 80;

const wordOf = (name: string): string => WORDS[name] ?? (name.startsWith('labels.') ? `label ${name.slice('labels.'.length)}` : name);

const cut = (text: string): string => {
  const characters = [...text];
  return characters.length > MOST_VALUE ? `${characters.slice(0, MOST_VALUE - 1).join('')}…` : text;
};

/** `changes`: names of facts (labels as `labels.<name>`) and `<before> → <after>`. One line. */
export const changeTitle = (host: string, changes: ReadonlyMap<string, string>): string => {
  const all = [...changes];
  const told = all.slice(0, MOST_CHANGES).map(([name, change]) => `${wordOf(name)} ${change.split(' → ').map(cut).join(' → ')}`);
  const more = all.length - told.length;
  return `${host} changed: ${told.join('; ')}${more === 0 ? '' : `; and ${more} more`}`;
};
