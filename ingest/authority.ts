// What the sender of a request may do: under which id it may send, and for which hosts. Judged of each frame before anything is kept.
import { CodedError } from '../core/errors.ts';

export interface Authority {
  /** In words for messages: `the agent of web-1`. */
  readonly who: string;
  /** Those with the same one count together where each has a part of what is there. */
  readonly account: string;
  /** It has joined with a key of its own. */
  readonly isBound: boolean;
  /** Whether the body is what the sender signed; true where a token stands for it. */
  isSigned(body: Uint8Array): boolean;
  maySend(sender: string): boolean;
  maySpeakFor(host: string): boolean;
  /** What an admin assigned to a host with its agent's token; '' is the sender's own. Default: nothing. */
  readonly assigned?: (host: string) => ReadonlyMap<string, string> | undefined;
  /** Another one whenever it may have changed what the two say. */
  readonly generation: number;
  /** Throws `agent.revoked`, `intake.cloned`, `access.shared-off` where what it sends is not taken any more. */
  mustHold(): void;
}

/** Throws `agent.proof`. */
export const mustBeSigned = (authority: Authority | undefined, body: Uint8Array): void => {
  if (authority?.isSigned(body) === false) throw new CodedError('agent.proof', { what: 'the frame' });
};

/** Of the frame's header. Throws `intake.sender`, `intake.host`. */
export const mustBeOwn = (authority: Authority | undefined, { sender, host }: { readonly sender: string; readonly host: string }): void => {
  if (authority === undefined) return;
  if (!authority.maySend(sender)) throw new CodedError('intake.sender', { sender: sender.slice(0, 128), who: authority.who });
  mustSpeakFor(authority, host);
};

/** Throws `intake.host`. */
export const mustSpeakFor = (authority: Authority, host: string): void => {
  if (!authority.maySpeakFor(host)) throw new CodedError('intake.host', { host: host.slice(0, 256), who: authority.who });
};
