// How the door speaks: JSON, and of an error its code, sentence and mend.
import { type CodedError, ERRORS } from '../core/errors.ts';

export interface DoorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string;
}

export const answer = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): DoorAnswer => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: `${JSON.stringify(body)}\n`,
});

export const errorAnswer = (status: number, { code, message, parameters }: CodedError, headers: Readonly<Record<string, string>> = {}): DoorAnswer =>
  answer(status, { code, message, mend: ERRORS[code].mend, ...parameters }, headers);
