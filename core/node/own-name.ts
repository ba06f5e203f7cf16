// Who runs this process, as a person knows them. It never decides what somebody may do.
import { userInfo } from 'node:os';

/** The name in the user table, or `uid 12345` where that has none, as in containers. */
export const ownName = (): string => {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
};
