// Errors on the way of a sample: the agent, the door, the pipeline.
import { entry } from './entry.ts';

export const INTAKE_ERRORS = {
  'frame.malformed': entry(
    (p: { reason: string }) => `the frame is malformed: ${p.reason}`,
    { reason: 'it ends within its header' },
    'The sender made it wrong or it was damaged on the way; sending it again does not help. Bring the agent to a version that this server knows.',
  ),
  'ipc.malformed': entry(
    (p: { reason: string }) => `not an Arrow stream that can be read: ${p.reason}`,
    { reason: 'the stream ends within a message' },
    'Send one whole, uncompressed Arrow IPC stream with its end marker and nothing behind it, of the column types that are documented.',
  ),
  'agent.folder': entry(
    (p: { folder: string; reason: string }) => `the agent cannot use its folder ${p.folder}: ${p.reason}`,
    { folder: 'data/agent', reason: 'EACCES: permission denied' },
    'Give the agent a folder it may write to; its waiting frames and read positions rest there.',
  ),
  'agent.running': entry(
    (p: { folder: string; holder: string }) => `another agent uses the folder ${p.folder}: ${p.holder}`,
    { folder: 'data/agent', holder: 'process 4711 on web-1, since 2026-11-29T12:00:00.000Z' },
    'Stop the other agent, or give this one a folder of its own: two would send every line twice.',
  ),
  'agent.platform': entry(
    (p: { platform: string }) => `the agent reads Linux’s /proc, which ${p.platform} does not have`,
    { platform: 'darwin' },
    'Run the agent on Linux; the server itself runs without it.',
  ),
  'agent.config': entry(
    (p: { key: string; reason: string }) => `the agent’s setting ${p.key} is wrong: ${p.reason}`,
    { key: 'server', reason: 'it must be an address that begins with http:// or https://' },
    'Correct the setting and start the agent again.',
  ),
  'intake.too-large': entry(
    (p: { what: string; limit: string }) => `${p.what} is larger than ${p.limit}`,
    { what: 'the request', limit: '16 MiB' },
    'Send less at once: fewer rows a frame. The limits are settings of the server.',
  ),
  'intake.encoding': entry(
    (p: { encoding: string }) => `the content encoding ${JSON.stringify(p.encoding)} is not known here`,
    { encoding: 'br' },
    'Send zstd, gzip or no encoding, one at most.',
  ),
  'intake.damaged': entry(
    (p: { encoding: string; reason: string }) => `the request cannot be decompressed as ${p.encoding}: ${p.reason}`,
    { encoding: 'zstd', reason: 'it ends too early' },
    'It was cut or damaged on the way. Send it again whole.',
  ),
  'intake.cut': entry(
    (p: { bytes: number }) => `the request ended after ${p.bytes} bytes, before its end`,
    { bytes: 1024 },
    'The connection broke; send the request again.',
  ),
  'intake.altered': entry(
    (p: { bytes: number }) => `the ${p.bytes} bytes that came are not those that were sent: they do not fit the digest that came with them`,
    { bytes: 1024 },
    'Something between the sender and this server cut or changed the request; the sender keeps its data and sends it again. Where that stays so, look for a proxy that rewrites bodies.',
  ),
  'intake.slow': entry(
    (p: { bytes: number; seconds: number }) => `the request came too slowly: after ${p.bytes} bytes next to nothing within ${p.seconds} s`,
    { bytes: 1024, seconds: 10 },
    'The way to the server is all but cut; the sender keeps its data and sends it again.',
  ),
  'intake.refused': entry(
    (p: { part: number; schema: string; row: string; column: string; reason: string }) =>
      `part ${p.part} (${p.schema})${p.row === '' ? '' : `, row ${p.row}`}${p.column === '' ? '' : `, column ${p.column}`}: ${p.reason}`,
    { part: 0, schema: 'logs', row: '5', column: 'body', reason: 'it has 2000000 bytes, 1048576 are allowed' },
    'Nothing of the request was taken. Mend what the message names and send it again; the same bytes will be refused again.',
  ),
  'intake.older-run': entry(
    (p: { sent: string; boot: string; next: string }) =>
      `the run ${p.sent} of this sender is older than its run ${p.boot}, which this server has heard of; from ${p.next} on numbers are free`,
    { sent: '1795000000000', boot: '1795000900000', next: '1795000900001' },
    'Nothing of the request was taken. An agent numbers its waiting frames anew under `next` and goes on by itself. If it comes again and again, two agents send under one id, as when a folder or an image was copied: give each a folder of its own.',
  ),
  'intake.older-seq': entry(
    (p: { seq: string; acknowledged: string; next: string }) =>
      `the seq ${p.seq} is not above ${p.acknowledged}, which was acknowledged, and its rows are not those that came under it; runs from ${p.next} on are free`,
    { seq: '5', acknowledged: '10', next: '1795000900001' },
    'Nothing of the request was taken. Seqs rise within a run; a sender that begins anew takes a new run, `next` or later. If it comes again and again, two agents send under one id.',
  ),
  'intake.future-run': entry(
    (p: { boot: string; next: string }) => `the run ${p.boot} is numbered more than a day ahead of the server’s clock; ${p.next} is free`,
    { boot: '18446744073709551615', next: '1795000900001' },
    'Nothing of the request was taken. A run is numbered by the milliseconds since 1970 at its start. An agent numbers its waiting frames anew under `next` and goes on by itself; set the host’s clock right.',
  ),
  'intake.host': entry(
    (p: { host: string; who: string }) => `${p.who} may not send for the host ${JSON.stringify(p.host)}`,
    { host: 'web-1', who: 'the agent of web-2' },
    'Nothing of the request was taken. An agent sends for the host it joined as; what has no agent of its own may be sent by a relay (`inframirror agent token --relay PATTERN`) or with the shared token. A host that has an agent is sent for by that one alone: `inframirror agent list` says which it is, `inframirror agent token --host NAME --replace ID` puts another in its place.',
  ),
  'intake.sender': entry(
    (p: { sender: string; who: string }) => `${p.who} may not send as ${JSON.stringify(p.sender)}`,
    { sender: '3f0c9a1b7d2e4f5060718293a4b5c6d7', who: 'the shared token' },
    'Nothing of the request was taken. Who has joined sends under its own id, signed in with its key, and nobody else does.',
  ),
  'intake.cloned': entry(
    (p: { agent: string; host: string; reason: string }) => `the agent ${p.agent} of ${p.host} stands still: ${p.reason}`,
    { agent: '3f0c9a1b7d2e4f5060718293a4b5c6d7', host: 'web-1', reason: 'two machines or two copies of its folder send under it' },
    'Nothing is lost: whoever sends under this id keeps its data. Find the copy, and give it an id of its own: `inframirror agent token --host NAME`, and there `inframirror agent --join TOKEN`. Then let the right one go on: `inframirror agent release ID`. Or replace both: `inframirror agent token --host NAME --replace ID`.',
  ),
  'intake.forbidden': entry(
    (p: { what: string }) => `this token may not ${p.what}`,
    { what: 'send data' },
    'Use the agent token or the admin token of this server.',
  ),
  'intake.busy': entry(
    (p: { reason: string }) => `the server cannot take more now: ${p.reason}`,
    { reason: 'too many requests wait' },
    'Keep the data and send it again after the time in Retry-After. If it stays so, the store behind is too slow or the disk is full.',
  ),
  'intake.clock': entry(
    (p: { minutes: number; side: 'behind' | 'ahead'; agents: number; of: number }) =>
      `by the clocks of ${p.agents} of ${p.of} agents this server’s is ${p.minutes} minutes ${p.side}; what it calls too old or from the future is not taken in until it is right`,
    { minutes: 43_200, side: 'ahead', agents: 97, of: 100 },
    'Nothing to do at the agent: it keeps its data and sends it then. Set the clock of the server (`timedatectl`, or whatever keeps its time); if the server is right, the agents’ clocks are wrong together: look at their source of time.',
  ),
  'intake.full': entry(
    (p: { topic: string; percent: number }) =>
      `the room for ${p.topic} is taken to ${p.percent} %; nothing more is taken in until a store has taken some of it, or the disk has room again`,
    { topic: 'im.metrics', percent: 81 },
    'Nothing to do at the sender: it keeps its data and sends it then. At the server a store does not take what waits for it, or the disk is nearly full; `inframirror stream groups` and the status page name who holds the room.',
  ),
  'intake.quota': entry(
    (p: { sender: string; sentMiB: number; allowedMiB: number; seconds: number }) =>
      `${p.sender} has sent ${p.sentMiB} MiB within a day, ${p.allowedMiB} MiB are allowed; it may go on in ${p.seconds} s`,
    { sender: 'web-1', sentMiB: 102_411, allowedMiB: 102_400, seconds: 1800 },
    'Nothing is lost yet: the agent keeps its data, as far as its spool reaches, and sends it then. Find what floods there (`from logs last 1h | where host == "NAME" | count by source`) and stop it; or raise `limits.intake.bytes_per_sender` (of the shared token: `limits.intake.bytes_shared`), which holds at once.',
  ),
  'pipeline.no-progress': entry(
    (p: { topic: string; partition: number; group: string }) =>
      `nothing tells how far ${p.group} is with the messages of ${p.topic}, partition ${p.partition}: it does not begin`,
    { topic: 'im.metrics', partition: 0, group: 'pipeline-samples' },
    'The stream was restored, or what the group had saved was removed. Say from where it reads: `inframirror replay --topic T --from TIME` with the time up to which the stores have everything, or `--from earliest` for all that is there; what a store has already of processes, and of log lines that no agent sent, then stands twice. Nothing is lost meanwhile.',
  ),
  'pipeline.skips': entry(
    (p: { topic: string; partition: number; group: string; messages: string; saved: string }) =>
      `${p.group} has not read up to there: of ${p.topic}, partition ${p.partition}, ${p.messages} messages from offset ${p.saved} on would be passed over`,
    { topic: 'im.metrics', partition: 0, group: 'pipeline-samples', messages: '1200', saved: '48120' },
    'Nothing was changed. They are read by themselves when their store takes them. To give them up, so that they are in no store, say so: `inframirror replay … --skip-unread`, which asks first.',
  ),
  'pipeline.beyond': entry(
    (p: { topic: string; offset: string; next: string }) => `no partition of ${p.topic} has an offset ${p.offset}: the furthest goes up to ${p.next}`,
    { topic: 'im.logs', offset: '999999', next: '58' },
    'Nothing was changed. `inframirror stream groups` says where each group is; to read only what comes from now on, name the time: `--from TIME`.',
  ),
  'pipeline.no-topic': entry(
    (p: { topic: string; topics: string }) => `no pipeline reads a topic ${p.topic}; they read ${p.topics}`,
    { topic: 'im.metric', topics: 'im.metrics, im.processes, im.logs, im.events' },
    'Name one of those.',
  ),
  'pipeline.busy': entry(
    (p: { reason: string }) => `the rounds of the pipeline cannot be held: ${p.reason}`,
    { reason: 'a round has not ended within 60 s, as a store does not take it' },
    'Status says which store is down or refuses what; mend that first, then try again.',
  ),
};
