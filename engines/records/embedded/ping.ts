// Whether a PostgreSQL server answers at all, without a user and without a session.
import { connect } from 'node:net';

/** `SSLRequest` of its protocol (PostgreSQL documentation, "Message Formats"): any answer is one byte, or a refusal in words. */
const SSL_REQUEST = Uint8Array.of(0, 0, 0, 8, 4, 210, 22, 47);

/** `path`: of its socket. A process that was stopped takes the connection and says nothing. */
export const answersAt = (path: string, patienceMs: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path);
    const end = (answered: boolean): void => {
      clearTimeout(late);
      socket.destroy();
      resolve(answered);
    };
    const late = setTimeout(() => end(false), patienceMs);
    socket
      .once('connect', () => socket.write(SSL_REQUEST))
      .once('data', () => end(true))
      .once('error', () => end(false))
      .once('close', () => end(false));
  });
