// An address to listen on as people write it.

export interface Listen {
  readonly host: string;
  readonly port: number;
}

/** `host:port`, `[v6]:port`, `:port` or a port alone; undefined for anything else. */
export const readListen = (text: string): Listen | undefined => {
  const m = /^(?:(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):)?(\d{1,5})$/.exec(text);
  const port = Number(m?.[3]);
  return m === null || port > 65_535 ? undefined : { host: (m[1] ?? m[2]) || '127.0.0.1', port };
};
