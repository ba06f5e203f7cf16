// How the heap of the server, and of the pipeline's process, grows.
import { setFlagsFromString } from 'node:v8';

/**
 * Of what is alive, how much may come before all of it is marked again, in percent. Frames go through buffers that are garbage at once and are
 * counted beside a heap of 35 MB: as V8 would have it, that is marked for each 25 MB of them, which is an eighth of the server's work.
 */
const HEAP_GROWING = 300;

export const growHeap = (): void => setFlagsFromString(`--heap-growing-percent=${HEAP_GROWING}`);
