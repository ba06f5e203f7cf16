// Errors of agents' identities: joining, signing in, and what an admin does with them.
import { entry, type NoParameters } from './entry.ts';

const NEW_TOKEN = 'Make a new token on the server: `inframirror agent token --host NAME`.';

export const AGENT_ERRORS = {
  'agent.token': entry(
    (p: { reason: string }) => `this is no join token: ${p.reason}`,
    { reason: 'it is cut or has been changed' },
    'Give the whole line that `inframirror agent token` printed, which begins with `ij1.`, or the name of a file that holds it.',
  ),
  'agent.server-proof': entry(
    (p: { server: string }) => `what answers at ${p.server} is not the server that made the join token: it does not prove that server’s command key`,
    { server: 'https://mirror.example' },
    `Look who answers at that address (a proxy, another installation, somebody between). Nothing was sent to it. ${NEW_TOKEN}`,
  ),
  'agent.copied': entry(
    (p: { folder: string }) => `the folder ${p.folder} was copied from another machine, whose key this one has no right to`,
    { folder: '/var/lib/inframirror-agent' },
    `${NEW_TOKEN} Start the agent here with \`--join TOKEN\`; what waits in the folder is sent then.`,
  ),
  'agent.not-joined': entry(
    (p: { folder: string }) => `the agent of ${p.folder} has not joined a server yet`,
    { folder: '/var/lib/inframirror-agent' },
    `${NEW_TOKEN} Start the agent with \`--join TOKEN\`, or put the token into the file that it was started with.`,
  ),
  'agent.unknown': entry(
    (p: { agent: string }) => `no agent ${p.agent} has joined this server`,
    { agent: '3f0c9a1b7d2e4f5060718293a4b5c6d7' },
    `It joined another one, or this server was set back to an older copy. ${NEW_TOKEN} Then start the agent with \`--join TOKEN\`.`,
  ),
  'agent.none': entry(
    (p: { agent: string }) => `there is no agent ${p.agent}`,
    { agent: '3f0c9a1b7d2e4f5060718293a4b5c6d7' },
    'Nothing was changed. An agent is named by its id: `inframirror agent list` has the ids of all that have joined, and their hosts.',
  ),
  'host.kept': entry(
    (p: { host: string; reason: string }) => `the host ${p.host} was not forgotten: ${p.reason}`,
    { host: 'web-1', reason: 'something of it came within five minutes' },
    'Nothing was changed. `inframirror query "from hosts | select host, agent_state"` has all names. Of one that still sends, stop the agent first, or `inframirror agent revoke` it.',
  ),
  'agent.revoked': entry(
    (p: { agent: string; host: string; reason: string }) => `the agent ${p.agent} of ${p.host} was revoked: ${p.reason}`,
    { agent: '3f0c9a1b7d2e4f5060718293a4b5c6d7', host: 'web-1', reason: 'by an admin' },
    `Its data waits in its spool. If the host shall send again: ${NEW_TOKEN} Then start the agent with \`--join TOKEN\`.`,
  ),
  'agent.session': entry(
    (_: NoParameters) => 'the agent’s session is over',
    {},
    'Nothing to do: an agent signs in again by itself and sends the frame again. Sessions end after an hour, when the server starts, and when the agent signs in anew.',
  ),
  'agent.proof': entry(
    (p: { what: string }) => `${p.what} does not prove that it comes from the agent it names`,
    { what: 'the frame' },
    'It was changed on its way, or its sender has another key. An agent signs in again by itself; if it stays so, join anew with a new token.',
  ),
  'agent.nonce': entry(
    (_: NoParameters) => 'the server’s nonce is not one of this server, is older than a minute, or was used',
    {},
    'Ask for a nonce and use it at once, once. An agent does so by itself; if it stays so, something between repeats its requests.',
  ),
  'agent.request': entry(
    (p: { reason: string }) => `the request of an agent is malformed: ${p.reason}`,
    { reason: 'key must be 32 bytes as base64url' },
    'Bring the agent to a version that this server knows.',
  ),
  'join.unknown': entry(
    (_: NoParameters) => 'this server does not know the join token',
    {},
    `It was made by another server, or more than a day ago. ${NEW_TOKEN}`,
  ),
  'join.expired': entry(
    (p: { expired: string }) => `the join token expired at ${p.expired}`,
    { expired: '2026-11-29T10:00:00Z' },
    `A token is good for an hour. ${NEW_TOKEN}`,
  ),
  'join.used': entry(
    (p: { used: string; agent: string }) => `the join token was used at ${p.used}, by the agent ${p.agent}`,
    { used: '2026-11-29T10:00:00Z', agent: '3f0c9a1b7d2e4f5060718293a4b5c6d7' },
    `A token is good for one agent. ${NEW_TOKEN} If you did not use it yourself, somebody else did: \`inframirror agent revoke ID\` ends that agent’s rights at once.`,
  ),
  'join.proof': entry(
    (_: NoParameters) => 'the agent does not prove that it has the whole join token',
    {},
    `The token was cut or changed on its way to the host, or the request on its way here. Give the whole line. ${NEW_TOKEN}`,
  ),
  'join.host': entry(
    (p: { host: string; wanted: string }) => `the join token is for ${p.wanted}, this host is ${JSON.stringify(p.host)}`,
    { host: 'web-2', wanted: 'web-1' },
    'Start the agent with `--host` and the name of the token, or make a token for this name: `inframirror agent token --host NAME`. Names of enrolled hosts have letters, digits, `.`, `_` and `-`.',
  ),
  'join.taken': entry(
    (p: { host: string; agent: string }) => `the host ${p.host} has an agent already: ${p.agent}`,
    { host: 'web-1', agent: '3f0c9a1b7d2e4f5060718293a4b5c6d7' },
    'If this machine takes its place, make a token that says so: `inframirror agent token --host NAME --replace ID`. Else give this machine another name with `--host`.',
  ),
  'join.value': entry(
    (p: { what: string; reason: string }) => `no join token can be made: the ${p.what} ${p.reason}`,
    { what: 'host', reason: 'must be a name or a pattern of letters, digits, ., _, -, * and ?' },
    '`inframirror agent --help` says what each may be.',
  ),
  'join.too-many': entry(
    (p: { limit: number }) => `${p.limit} join tokens wait to be used, the most there may be`,
    { limit: 10000 },
    'Use them, or wait: each expires an hour after it was made.',
  ),
};
