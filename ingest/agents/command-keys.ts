// What joining needs of the server's command keys, handed in by whoever holds them. Types only.

export interface CommandKeys {
  /** Public keys, 32 bytes each. */
  readonly current: Uint8Array;
  readonly next: Uint8Array;
  /** SHA-256 of both. */
  readonly hashes: readonly [Uint8Array, Uint8Array];
  /** By the current key. */
  readonly sign: (bytes: Uint8Array) => Uint8Array;
  /** 32 bytes for a purpose that only those know who have the current key: the same in every process of the installation. */
  readonly secret: (purpose: string) => Buffer;
}
