// Errors on the way of a sample: the agent, the door, the pipeline.
import { entry } from './entry.ts';

export const INTAKE_ERRORS = {
  'frame.malformed': entry((p: { reason: string }) => `the frame is malformed: ${p.reason}`, { reason: 'it ends within its header' }, 'The sender made it wrong or it was damaged on the way; sending it again does not help. Bring the agent to a version that this server knows.'),
  'ipc.malformed': entry((p: { reason: string }) => `not an Arrow stream that can be read: ${p.reason}`, { reason: 'the stream ends within a message' }, 'Send one whole, uncompressed Arrow IPC stream with its end marker and nothing behind it, of the column types that are documented.'),
  'agent.folder': entry((p: { folder: string; reason: string }) => `the agent cannot use its folder ${p.folder}: ${p.reason}`, { folder: 'data/agent', reason: 'EACCES: permission denied' }, 'Give the agent a folder it may write to; its waiting frames and read positions rest there.'),
  'agent.running': entry((p: { folder: string }) => `another agent uses the folder ${p.folder}`, { folder: 'data/agent' }, 'Stop the other agent, or give this one a folder of its own: two would send every line twice.'),
  'agent.platform': entry((p: { platform: string }) => `the agent reads Linux’s /proc, which ${p.platform} does not have`, { platform: 'darwin' }, 'Run the agent on Linux; the server itself runs without it.'),
  'agent.config': entry((p: { key: string; reason: string }) => `the agent’s setting ${p.key} is wrong: ${p.reason}`, { key: 'server', reason: 'it must be an address that begins with http:// or https://' }, 'Correct the setting and start the agent again.'),
};
