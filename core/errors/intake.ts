// Errors on the way of a sample: the agent, the door, the pipeline.
import { entry } from './entry.ts';

export const INTAKE_ERRORS = {
  'frame.malformed': entry((p: { reason: string }) => `the frame is malformed: ${p.reason}`, { reason: 'it ends within its header' }, 'The sender made it wrong or it was damaged on the way; sending it again does not help. Bring the agent to a version that this server knows.'),
  'ipc.malformed': entry((p: { reason: string }) => `not an Arrow stream that can be read: ${p.reason}`, { reason: 'the stream ends within a message' }, 'Send one whole, uncompressed Arrow IPC stream with its end marker and nothing behind it, of the column types that are documented.'),
};
