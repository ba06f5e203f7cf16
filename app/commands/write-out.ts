// Standard output of results: into a file or a pipe as they are, on a terminal nothing that it would obey.
import { plainLines } from '../../core/plain.ts';

export const writeOut = (text: string): void => void process.stdout.write(process.stdout.isTTY ? plainLines(text) : text);
