// Elasticsearch by its own client, of which only requests are used: what of its answers is an error, and which. It tries nothing again; who asks does.
import { Client, errors, HttpConnection, type TransportRequestParams } from '@elastic/elasticsearch';
import { CodedError, type ErrorCode, type ErrorParameters } from '../../../core/errors.ts';

export interface ElasticsearchAddress {
  /** As `https://host:port`; one that answers is enough. */
  readonly nodes: readonly string[];
  readonly auth?: { readonly username: string; readonly password: string } | { readonly apiKey: string };
  /** PEM of who signed the nodes' certificates, where that is no public one. */
  readonly ca?: string;
  /** For an answer, ms. Default 30 s. */
  readonly requestMs?: number;
}

/** Both versions speak this one: 8 of itself, 9 to who asks for it. */
const JSON_TYPE = 'application/vnd.elasticsearch+json; compatible-with=8';
const LINES_TYPE = 'application/vnd.elasticsearch+x-ndjson; compatible-with=8';
const LONGEST_REASON = 300;

export interface Reply<T> {
  readonly status: number;
  readonly body: T;
  /** Of the answer, where it is known. */
  readonly bytes: number;
}

export interface AskOptions {
  readonly signal?: AbortSignal;
  /** Status codes that are answers too. */
  readonly also?: readonly number[];
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly body?: unknown;
  /** Actions and documents as they go over the wire, in place of a body. */
  readonly lines?: Buffer;
  /** Larger answers are given up with `search.limit`. */
  readonly mostBytes?: number;
  readonly requestMs?: number;
}

/** The store said no to the request as a whole; `status` 0: it was not reached. */
export class Refusal<C extends ErrorCode = ErrorCode> extends CodedError<C> {
  readonly status: number;
  /** Said by an Elasticsearch, not by something in between. */
  readonly isOwn: boolean;
  constructor(code: C, parameters: ErrorParameters<C>, status: number, cause: unknown) {
    super(code, parameters, { cause });
    this.status = status;
    this.isOwn = cause instanceof errors.ResponseError && cause.headers?.['x-elastic-product'] === 'Elasticsearch' && isError(cause.body);
  }
}

interface ElasticError {
  readonly type?: string;
  readonly reason?: string;
  readonly caused_by?: ElasticError;
  readonly root_cause?: readonly ElasticError[];
}

/** The reason and what is behind it, in one line, each cut. */
export const reasonOf = ({ type = 'error', reason = '', caused_by: cause }: ElasticError): string =>
  `${type}: ${reason.slice(0, LONGEST_REASON)}${cause?.reason === undefined || reason.includes(cause.reason) ? '' : ` (${reasonOf(cause)})`}`;

const isError = (body: unknown): boolean => typeof body === 'object' && body !== null && 'error' in body;

const textOf = (status: number, body: unknown): string => {
  const error = typeof body === 'object' && body !== null ? (body as { error?: ElasticError | string }).error : undefined;
  if (error === undefined) return `${status}: ${String(typeof body === 'string' ? body : JSON.stringify(body)).slice(0, 200)}`;
  return `${status}: ${typeof error === 'string' ? error : reasonOf(error.root_cause?.[0] ?? error)}`;
};

const refusalOf = (error: unknown, signal: AbortSignal | undefined): Error => {
  if (signal?.aborted) return new Refusal('search.cancelled', {}, 0, error);
  if (error instanceof errors.ResponseError) {
    const status = error.statusCode ?? 0;
    const reason = textOf(status, error.body);
    if (status === 401 || status === 403) return new Refusal('search.credentials', { reason }, status, error);
    if (status === 429 || status === 408 || status >= 500) return new Refusal('search.unavailable', { reason }, status, error);
    return new Refusal('search.rejected', { reason }, status, error);
  }
  if (error instanceof errors.ProductNotSupportedError || error instanceof errors.DeserializationError)
    return new Refusal('search.unavailable', { reason: 'what answers is no Elasticsearch' }, 0, error);
  if (error instanceof errors.RequestAbortedError && /content length/i.test(error.message))
    return new Refusal('search.limit', { limit: 'bytes of an answer', reason: error.message }, 0, error);
  if (error instanceof errors.ElasticsearchClientError) return new Refusal('search.unavailable', { reason: error.message }, 0, error);
  return error as Error;
};

export class ElasticClient {
  readonly #client: Client;

  constructor({ nodes, auth, ca, requestMs = 30_000 }: ElasticsearchAddress) {
    this.#client = new Client({
      nodes: [...nodes],
      ...(auth === undefined ? {} : { auth }),
      ...(ca === undefined ? {} : { tls: { ca } }),
      Connection: HttpConnection,
      headers: { accept: JSON_TYPE },
      maxRetries: 0,
      requestTimeout: requestMs,
      // Attributes may have any name.
      disablePrototypePoisoningProtection: true,
    });
  }

  /** Rejects with a `Refusal`. */
  async ask<T>(
    method: 'GET' | 'PUT' | 'POST' | 'DELETE',
    path: string,
    { signal, also = [], query, body, lines, mostBytes, requestMs }: AskOptions = {},
  ): Promise<Reply<T>> {
    const request: TransportRequestParams = {
      method,
      path,
      ...(query === undefined ? {} : { querystring: query }),
      ...(lines === undefined ? (body === undefined ? {} : { body: body as Record<string, unknown> }) : { bulkBody: lines as unknown as string }),
    };
    try {
      const {
        statusCode,
        body: answer,
        headers,
      } = await this.#client.transport.request<T>(request, {
        meta: true,
        headers: { 'content-type': lines === undefined ? JSON_TYPE : LINES_TYPE },
        ignore: [...also],
        ...(signal === undefined ? {} : { signal }),
        ...(mostBytes === undefined ? {} : { maxResponseSize: mostBytes }),
        ...(requestMs === undefined ? {} : { requestTimeout: requestMs }),
      });
      if (typeof answer !== 'object') throw new Refusal('search.unavailable', { reason: 'what answers is no Elasticsearch' }, statusCode ?? 0, undefined);
      return { status: statusCode ?? 0, body: answer, bytes: Number(headers?.['content-length'] ?? 0) };
    } catch (error) {
      throw refusalOf(error, signal);
    }
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}
