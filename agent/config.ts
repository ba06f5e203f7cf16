// What the agent can be told, with its defaults. Nothing here reads a file or the environment: `app/` does.
import { CodedError } from '../core/errors.ts';
import { ownRuleOffence } from './mask/own-rule.ts';

export interface AgentConfig {
  /** Address of the door, `http://host:port` or `https://…`, with or without a path before `/ingest/frames`. */
  readonly server: string;
  /** A join token, or the name of a file that holds one; for the first start of this folder, and when the server wants the agent to join anew. */
  readonly join: string | undefined;
  /** A file that holds the token that all agents share, for an agent that does not join; read again when the server refuses it. */
  readonly tokenFile: string | undefined;
  /** Holds the spool and who this agent is; one agent a folder. */
  readonly folder: string;
  /** host.name; undefined: the system's. */
  readonly host: string | undefined;
  /** region, datacenter, env, role, owner and whatever else the inventory shall say of this host. */
  readonly labels: ReadonlyMap<string, string>;
  /** Log files to follow; `*`, `?`, `[…]` within a name, `**` for any depth. */
  readonly logs: readonly string[];
  /** Whether systemd's journal is followed, where no file of syslog repeats it. */
  readonly journal: boolean;
  /** Of a file found at the first start of all, only so much of its end is read. */
  readonly logBacklogBytes: number;
  /** Whether passwords, tokens and keys are masked in lines and in command lines before they leave the host. */
  readonly maskSecrets: boolean;
  /** What is masked beside those, as `ticket=*`; see `OwnRule`. */
  readonly masks: readonly string[];
  readonly metricsMs: number;
  readonly processesMs: number;
  /** How often followed files are looked at. */
  readonly logsMs: number;
  /** How often it is asked which folders of logs have changed, and these are looked into. */
  readonly glanceMs: number;
  /** How often the globs are looked for again. */
  readonly discoverMs: number;
  /** How often the inventory is compared with what was sent. */
  readonly inventoryMs: number;
  /** The inventory and all definitions of series are sent again after this. */
  readonly repeatMs: number;
  readonly spoolBytes: number;
  readonly segmentBytes: number;
  /** Whether a frame is made safe against power cuts before it is sent. */
  readonly fsync: boolean;
  /** First wait after a failure to send; doubles up to `retryMostMs`. */
  readonly retryMs: number;
  readonly retryMostMs: number;
  /** Wait after the server refused the token. */
  readonly refusedMs: number;
  readonly requestMs: number;
  /** Where /proc, /sys, /etc and the filesystems are found; another than `/` for tests and for containers that mount the host's. */
  readonly root: string;
}

/** Each is looked for in every line. */
const MOST_MASKS = 20;

export const AGENT_DEFAULTS = {
  join: undefined,
  tokenFile: undefined,
  host: undefined,
  labels: new Map<string, string>(),
  logs: [
    '/var/log/*.log',
    '/var/log/syslog',
    '/var/log/messages',
    '/var/log/secure',
    '/var/log/cron',
    '/var/log/maillog',
    '/var/log/*/*.log',
    '/var/log/containers/*.log',
    '/var/lib/docker/containers/*/*-json.log',
  ],
  journal: true,
  maskSecrets: true,
  masks: [],
  logBacklogBytes: 1 << 20,
  metricsMs: 10_000,
  processesMs: 15_000,
  logsMs: 2_000,
  glanceMs: 200,
  discoverMs: 10_000,
  inventoryMs: 60_000,
  repeatMs: 3_600_000,
  spoolBytes: 256 << 20,
  segmentBytes: 4 << 20,
  fsync: true,
  retryMs: 500,
  retryMostMs: 30_000,
  refusedMs: 30_000,
  requestMs: 30_000,
  root: '/',
} as const satisfies Partial<AgentConfig>;

type Given = Pick<AgentConfig, 'server' | 'folder'> & Partial<AgentConfig>;

/** Throws `agent.config` for what cannot work. */
export const agentConfig = (given: Given): AgentConfig => {
  const config: AgentConfig = { ...AGENT_DEFAULTS, ...given };
  const wrong = (key: keyof AgentConfig, reason: string): never => {
    throw new CodedError('agent.config', { key, reason });
  };
  if (!/^https?:\/\//.test(config.server) || !URL.canParse(config.server)) wrong('server', 'it must be an address that begins with http:// or https://');
  for (const key of [
    'metricsMs',
    'processesMs',
    'logsMs',
    'glanceMs',
    'discoverMs',
    'inventoryMs',
    'repeatMs',
    'retryMs',
    'retryMostMs',
    'refusedMs',
    'requestMs',
  ] as const)
    if (!(config[key] >= 10)) wrong(key, 'it must be at least 10 ms');
  if (!(config.spoolBytes >= 1 << 20)) wrong('spoolBytes', 'it must be at least 1 MiB');
  if (config.host !== undefined && (!/^[^\p{Cc}\p{Cs}]{1,253}$/u.test(config.host) || Buffer.byteLength(config.host) > 512))
    wrong('host', 'it must be a name of 1 to 253 characters, of at most 512 bytes');
  for (const [name, value] of config.labels) {
    if (!/^[\p{L}_][\p{L}\p{N}_.-]{0,127}$/u.test(name)) wrong('labels', `${JSON.stringify(name)} is no name of a label`);
    if (value.length > 1024 || /[\p{Cc}\p{Cs}]/u.test(value))
      wrong('labels', `the value of ${name} is longer than 1024 characters or holds a control character`);
  }
  if (config.labels.size > 60) wrong('labels', 'there are more than 60');
  for (const glob of config.logs) if (!glob.startsWith('/')) wrong('logs', `${JSON.stringify(glob)} must begin with /`);
  if (config.masks.length > MOST_MASKS) wrong('masks', `there are more than ${MOST_MASKS}`);
  for (const pattern of config.masks) {
    const offence = ownRuleOffence(pattern);
    if (offence !== undefined) wrong('masks', `${JSON.stringify(pattern)}: ${offence}`);
  }
  return config;
};
