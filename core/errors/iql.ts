// Diagnostics of IQL: what a text can be told by the parser, the checker, the planner and the run.

export const IQL_ERRORS = {};
