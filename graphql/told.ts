// Failures as GraphQL errors that callers can tell by their code, with what the sentence was made of.
import { GraphQLError } from 'graphql';
import { CodedError } from '../core/errors.ts';

export const graphqlError = (error: CodedError): GraphQLError =>
  new GraphQLError(error.message, { extensions: { code: error.code, parameters: error.parameters } });

/** A failure that is nobody's text: told with its code, without a stack. */
export const told = (error: unknown): never => {
  // What a store said of a statement is for the log alone.
  if (error instanceof CodedError && !error.code.endsWith('.rejected')) throw graphqlError(error);
  throw error;
};
