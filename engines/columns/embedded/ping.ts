// Whether the process of the column store answers over its socket.
// It asks for nothing that the store itself would have to do.
import { request } from 'node:http';

export const answersAt = (socketPath: string, patienceMs: number): Promise<boolean> =>
  new Promise((resolve) => {
    const asked = request({ socketPath, path: '/ping', agent: false }, (response) => {
      response.resume().once('end', () => resolve(true));
    });
    const late = setTimeout(() => asked.destroy(), patienceMs);
    asked
      .once('error', () => resolve(false))
      .once('close', () => {
        clearTimeout(late);
        resolve(false);
      });
    asked.end();
  });
