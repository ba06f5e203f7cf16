// One statement's connection to the library. Closing goes to the native part directly: `Session.close` waits until nothing
// runs on any connection of the process, so beside one long query connections, their statements and their memory would pile up.
import { createRequire } from 'node:module';
import { Session } from 'chdb';

interface Native {
  CloseConnection(connection: unknown): void;
}

/** The same addon that `chdb` has loaded, found from where that lies. */
const native = ((): Native => {
  const fromChdb = createRequire(createRequire(import.meta.url).resolve('chdb'));
  return fromChdb(`@chdb/lib-${process.platform}-${process.arch}${process.platform === 'linux' ? '-gnu' : ''}`) as Native;
})();

export const openConnection = (path: string, connectionArgs?: readonly string[]): Session =>
  new Session(path, connectionArgs === undefined ? {} : { connectionArgs });

/** No call may be running on it. */
export const closeConnection = (session: Session): void => {
  const { connection } = session;
  session.connection = null;
  native.CloseConnection(connection);
  session.close();
};
