// What the pipeline's process has of what is the installation's.

/** Its folder in the data folder: its lock, the stream's socket, and what it tells the server. */
export const PIPELINE_FOLDER = 'pipeline';
/** Of the statements that the column store takes at once: so many are the pipeline's, the others the server's. */
export const PIPELINE_STATEMENTS = 8;
