// Errors on the way of a sample: the agent, the door, the pipeline.
import { entry } from './entry.ts';

export const INTAKE_ERRORS = {
  'frame.malformed': entry((p: { reason: string }) => `the frame is malformed: ${p.reason}`, { reason: 'it ends within its header' }, 'The sender made it wrong or it was damaged on the way; sending it again does not help. Bring the agent to a version that this server knows.'),
};
