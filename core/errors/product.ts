// Errors of the product as a whole: commands, configuration, start, access, GraphQL.
import { entry, type NoParameters } from './entry.ts';

export const PRODUCT_ERRORS = {
  'data.folder': entry(
    (p: { path: string; reason: string }) => `the data folder ${p.path} cannot be used: ${p.reason}`,
    { path: './data', reason: 'permission denied' },
    'Choose another folder with `--data DIR`, or give this user the right to write there.',
  ),
  'data.in-use': entry(
    (p: { path: string; holder: string }) => `the data folder ${p.path} is in use by ${p.holder}`,
    { path: './data', holder: 'process 4711 on web-1, since 2026-11-29T12:00:00.000Z' },
    'Stop the other server, or start this one with another data folder: `--data DIR`. In a container the process is one of that container, and the host its name.',
  ),
  'data.identity': entry(
    (p: { folder: string; reason: string }) => `the identity in ${p.folder} cannot be taken over: ${p.reason}`,
    { folder: '/etc/inframirror/identity', reason: 'command-keys is missing' },
    'Make it once for all processes of an installation by `inframirror identity DIR`, and give each the same files. A data folder goes on with the installation that it began with.',
  ),
  'data.token': entry((p: { file: string }) => `${p.file} holds no token`, { file: './data/token' }, 'Remove the file; the next start makes a new token.'),
  'data.key': entry(
    (p: { file: string; reason: string }) => `the command key in ${p.file} cannot be used: ${p.reason}`,
    { file: './data/command-keys/current.pem', reason: 'it is no Ed25519 key' },
    'Bring the file back from a copy of the data folder. Without one, remove the folder `command-keys`: the next start makes new keys, and every agent must join anew, as none trusts them: `inframirror agent token --host NAME --replace ID`.',
  ),
  'disk.full': entry(
    (p: { folder: string; free: string; size: string; missing: string; reason: string }) =>
      `the disk of ${p.folder} is full: ${p.free} of ${p.size} may be written without being root, and ${p.missing} more are to be free: ${p.reason}`,
    { folder: '/var/lib/inframirror', free: '0 bytes', size: '92 GiB', missing: '2.0 GiB', reason: 'ENOSPC: no space left on device, write' },
    'Make that much room on this disk: move away what is not InfraMirror’s (`du -xsh /* | sort -h`), or make the disk larger; then start it again. Nothing that was stored is lost, and agents keep their data meanwhile. Remove nothing in the data folder.',
  ),
  'config.wrong': entry(
    (p: { problems: string }) => `the settings are wrong: ${p.problems}`,
    { problems: 'inframirror.yaml:4: there is no setting retention.log; did you mean logs?' },
    '`inframirror config check --config FILE` names each mistake with its line, `inframirror config example` prints all settings. A server that runs goes on with what it had.',
  ),
  'start.part': entry(
    (p: { part: string; reason: string }) => `${p.part} does not start: ${p.reason}`,
    { part: 'the column store', reason: 'no space left on device' },
    'The message says what is in the way; `inframirror doctor` looks at the usual causes.',
  ),
  'start.address': entry(
    (p: { address: string; reason: string }) => `cannot listen on ${p.address}: ${p.reason}`,
    { address: '127.0.0.1:8080', reason: 'it is in use' },
    'Stop what listens there, or choose another address: `--listen 127.0.0.1:8081` (port 0 takes a free one).',
  ),
  'command.usage': entry(
    (p: { problem: string }) => p.problem,
    { problem: 'unknown option --dta' },
    '`inframirror --help` lists the commands, `inframirror COMMAND --help` their options.',
  ),
  'command.token': entry(
    (p: { file: string; reason: string }) => `no token can be read from ${p.file}: ${p.reason}`,
    { file: './data/token', reason: 'no such file' },
    'Name the server’s data folder with `--data DIR` or `INFRAMIRROR_DATA`, or the file itself with `--token-file F`; the server writes it at its first start.',
  ),
  'command.server': entry(
    (p: { server: string; reason: string }) => `${p.server} does not answer: ${p.reason}`,
    { server: 'http://127.0.0.1:8080', reason: 'connection refused' },
    'Start it with `npm start`, or name another with `--server URL`.',
  ),
  'command.foreign': entry(
    (p: { server: string; status: number }) => `something that is not InfraMirror answers at ${p.server}, with status ${p.status}`,
    { server: 'https://mirror.example', status: 502 },
    'A proxy answers 502, 503 or 504 while the server behind it is away or starting, and 413 to what is too large for it; `docs/guide/beyond-localhost.md` has its settings. Else name the server with `--server URL`.',
  ),
  'command.certificate': entry(
    (p: { server: string; reason: string }) => `the certificate of ${p.server} is not trusted: ${p.reason}`,
    { server: 'https://mirror.example', reason: 'self-signed certificate' },
    'Name the file of the authority that signed it in the environment: `NODE_EXTRA_CA_CERTS=ca.pem`; `NODE_USE_SYSTEM_CA=1` trusts those that this system trusts. One that has expired or is of another name must be made anew.',
  ),
  'command.token-refused': entry(
    (p: { server: string; file: string }) => `${p.server} refuses the token in ${p.file}`,
    { server: 'http://127.0.0.1:8080', file: './data/agent-token' },
    'It wants the token of its own data folder: name that with `--data DIR`, or the file with `--token-file DIR/token`. The agent token may only send data.',
  ),
  'command.answer': entry(
    (p: { server: string; reason: string }) => `${p.server} answers with an error: ${p.reason}`,
    { server: 'http://127.0.0.1:8080', reason: 'the column store does not answer' },
    '`inframirror doctor` asks its parts how they are; its log says more.',
  ),
  'access.unauthorized': entry(
    (_: NoParameters) => 'this needs a token or a session',
    {},
    'Send `Authorization: Bearer TOKEN` (the token is in DATA/token), or open the link that the server printed.',
  ),
  'access.unavailable': entry(
    (_: NoParameters) => 'nobody can sign in now, as the record store does not answer, which keeps the sessions',
    {},
    'It is started anew by itself, mostly within a minute: load this page again then. Until then, whoever was seen within the last hour may look; what agents send is taken in and kept, and on the server `inframirror doctor`, `status` and `query` work as ever: they need no session.',
  ),
  'access.forbidden': entry(
    (p: { what: string }) => `this token may not ${p.what}`,
    { what: 'ask queries' },
    'The agent’s token may only post frames; use the one in DATA/token.',
  ),
  'access.shared-off': entry(
    (_: NoParameters) => 'this server does not take the shared agent token any more',
    {},
    'Nothing is lost: the agent keeps its data. Make a join token on the server, `inframirror agent token --host NAME`, and start the agent with `--join TOKEN`. `inframirror agent shared on` takes the shared token again.',
  ),
  'access.origin': entry(
    (_: NoParameters) => 'a request with the session’s cookie must come from the explorer’s own address',
    {},
    'Open the explorer under the address you ask; programs use a token. A proxy must hand on the `Host` that it was asked for.',
  ),
  'hosts.too-many': entry(
    (p: { limit: number }) => `there are more hosts than the ${p.limit} rows that one answer of yours may have`,
    { limit: 1000 },
    'Ask for some of them, or count them, in IQL: `from hosts | where datacenter == "fra1"`. Whoever manages users can raise the limit.',
  ),
  'hosts.unread': entry(
    (p: { reason: string }) => `the hosts cannot be read: ${p.reason}`,
    { reason: 'the query took longer than the limit of 30 s and was stopped' },
    'Ask again; `inframirror doctor` tells how the record store is.',
  ),
  'access.condition': entry(
    (p: { condition: string; reason: string }) => `the condition ${p.condition} cannot say which rows somebody may see: ${p.reason}`,
    { condition: 'team == "web"', reason: 'unknown field "team" on hosts' },
    'Write a condition on `host`, `region`, `datacenter`, `env`, `role` and `owner`, as after `where`: `env == "prod" and role in ("web", "db")`.',
  ),
  'access.some-rows': entry(
    (_: NoParameters) => 'this is about the whole installation, and you may see some hosts only',
    {},
    'Ask whoever may see everything. Queries, hosts and the catalogue answer with what you may see.',
  ),
  'access.look-only': entry(
    (_: NoParameters) => 'the record store does not tell whether this session still stands: until it does the session may look, and change nothing',
    {},
    '`inframirror doctor` tells how the record store is. Nothing was changed. Commands on the server, which use the token, work meanwhile where they need no record store.',
  ),
  'backup.folder': entry(
    (p: { dir: string; reason: string }) => `no backup can be written to ${p.dir}: ${p.reason}`,
    { dir: '/backup/2026-11-29', reason: 'it is there already, and a backup is never written over' },
    'Name a folder that is not there yet, on a disk that the server’s user may write to; under systemd the unit must allow it (`ReadWritePaths=`). A new name each time: `inframirror backup /backup/$(date +%F)`.',
  ),
  'backup.elsewhere': entry(
    (p: { stores: string }) => `a backup is of stores that are kept in the data folder; these are servers of their own: ${p.stores}`,
    { stores: 'ClickHouse at https://ch.example:8443, database default' },
    'Back each server up by its own means (`BACKUP` of ClickHouse, `pg_dump` or a base backup of PostgreSQL, replicas of Kafka), the record store first, and the data folder without them beside it: it has the tokens and keys. docs/engines.md says what to do after one of them was brought back.',
  ),
  'backup.no-room': entry(
    (p: { dir: string; needed: string; free: string }) => `the disk of ${p.dir} has no room for the backup: it takes ${p.needed} and ${p.free} may be used`,
    { dir: '/backup', needed: '812 MiB', free: '310 MiB' },
    'Nothing was left behind. Remove older backups, or name a folder on another disk; on the disk of the data folder a backup leaves free what `disk.min_free` says.',
  ),
  'backup.running': entry(
    (p: { dir: string }) => `a backup is being written to ${p.dir}`,
    { dir: '/backup/2026-11-29' },
    'Wait until it has ended; Status says how far it is.',
  ),
  'backup.cancelled': entry((_: NoParameters) => 'the backup was broken off', {}, 'Nothing of it was left behind. Start it again if that was not meant.'),
  'backup.caller': entry(
    (_: NoParameters) => 'only a program with the admin token may have a backup written',
    {},
    '`inframirror backup DIR` on the server’s machine reads the token from its data folder.',
  ),
  'backup.none': entry(
    (p: { dir: string; reason: string }) => `there is no whole backup in ${p.dir}: ${p.reason}`,
    { dir: '/backup/2026-11-29', reason: 'ENOENT: no such file or directory' },
    'A folder whose name ends in `.partial-…` was never finished. Name the folder that `inframirror backup` has named.',
  ),
  'backup.damaged': entry(
    (p: { file: string; reason: string }) => `the backup is damaged: ${p.file}: ${p.reason}`,
    { file: '/backup/2026-11-29/stream.log', reason: 'its checksum is another' },
    'Use another backup. Nothing of this one was left in the folder, into which another can be restored.',
  ),
  'backup.newer': entry(
    (p: { dir: string; what: string; found: number; known: number }) => `${p.what} in ${p.dir} is of version ${p.found}, this program knows ${p.known}`,
    { dir: '/backup/2026-11-29', what: 'the record store', found: 9, known: 5 },
    'Restore it with the version of InfraMirror that made it, or a newer one; `manifest.json` in it names that.',
  ),
  'restore.folder': entry(
    (p: { folder: string; reason: string }) => `nothing can be restored into ${p.folder}: ${p.reason}`,
    { folder: '/var/lib/inframirror', reason: 'it is not empty' },
    'Restore into an empty folder, as the user that runs the server. Move what is there away; nothing of it was changed.',
  ),
  'restore.unfinished': entry(
    (p: { folder: string }) => `the restore into ${p.folder} has not ended`,
    { folder: '/var/lib/inframirror' },
    'Let it end, or run `inframirror restore` into this folder again: it begins anew.',
  ),
};
