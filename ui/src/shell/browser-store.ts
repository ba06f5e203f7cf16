// What this browser keeps from visit to visit. It is a help, not a promise: a browser that keeps nothing, or is full, changes nothing else.

/** null: nothing is kept under that key, or it cannot be read. */
export const readKept = (key: string): string | null => {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
};

/** `undefined` forgets it. */
export const keep = (key: string, value: string | undefined): void => {
  try {
    if (value === undefined) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // As above.
  }
};
