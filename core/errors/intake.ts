// Errors on the way of a sample: the agent, the door, the pipeline.

export const INTAKE_ERRORS = {};
