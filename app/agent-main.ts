// The program of the package that holds the agent alone (`deploy/pack-agent.ts`): what `inframirror agent` does on a host. Agents are
// administered on the server, so nothing of that is loaded.
import { plainLines } from '../core/plain.ts';
import { collect } from './commands/agent.ts';

try {
  process.exitCode = await collect(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${plainLines(error instanceof Error ? (error.stack ?? error.message) : String(error))}\n`);
  process.exit(1);
}
