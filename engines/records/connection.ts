// How a PostgreSQL server is reached: what the embedded one tells of itself and what a configuration says of a real one.
// Holds no secret longer than it is handed around; never logged.

export interface PostgresConnection {
  /** Name or address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly password?: string;
  /** TLS with the server's certificate and its name checked. PEM texts: who signed it, when that is no public authority; a certificate of ours. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}
