// The one road to the server: GraphQL over the page's own origin with its session cookie; an asked question can be dropped.
// Keeps no cache: figures of a moment ago are not figures of now.
import { type AnyVariables, Client, type CombinedError, type DocumentInput, fetchExchange } from '@urql/core';

export type Failure =
  | { readonly kind: 'signed-out' }
  /** The server could not be reached. */
  | { readonly kind: 'unreachable'; readonly message: string }
  /** It answered, but not with data. */
  | { readonly kind: 'refused'; readonly message: string };

export type Answer<T> = { readonly data: T; readonly failure?: undefined } | { readonly data?: undefined; readonly failure: Failure };

const client = new Client({
  url: '/graphql',
  exchanges: [fetchExchange],
  preferGetMethod: false,
  requestPolicy: 'network-only',
  fetchOptions: { credentials: 'same-origin' },
});

const failureOf = (error: CombinedError | undefined): Failure => {
  const status = (error?.response as { status?: number } | undefined)?.status;
  if (status === 401) return { kind: 'signed-out' };
  const message = error?.graphQLErrors[0]?.message ?? error?.networkError?.message ?? 'the answer had no data';
  return { kind: error?.networkError !== undefined && status === undefined ? 'unreachable' : 'refused', message };
};

/** Asks; the answer comes once, unless the returned function was called before: that ends the request on the server too. */
export const ask = <T, V extends AnyVariables>(document: DocumentInput<T, V>, variables: V, answered: (answer: Answer<T>) => void): (() => void) => {
  let over = false;
  let drop = (): void => undefined;
  const { unsubscribe } = client.query<T, V>(document, variables).subscribe(({ data, error, stale }) => {
    // The client repeats the last answer to a question that somebody still listens to, marked stale, before the new one.
    if (over || stale) return;
    over = true;
    drop();
    answered(data !== undefined && data !== null ? { data } : { failure: failureOf(error) });
  });
  drop = unsubscribe;
  if (over) drop();
  return () => {
    over = true;
    drop();
  };
};

/** The same as a promise, for what nobody stops. */
export const askOnce = <T, V extends AnyVariables>(document: DocumentInput<T, V>, variables: V): Promise<Answer<T>> =>
  new Promise((resolve) => {
    ask(document, variables, resolve);
  });

/** Changes something on the server. */
export const change = async <T, V extends AnyVariables>(document: DocumentInput<T, V>, variables: V): Promise<Answer<T>> => {
  const { data, error } = await client.mutation<T, V>(document, variables).toPromise();
  return data !== undefined && data !== null ? { data } : { failure: failureOf(error) };
};
