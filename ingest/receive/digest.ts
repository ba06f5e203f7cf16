// Whether a request's body is the one that was sent, where its sender says what that was (RFC 9530, `Content-Digest`). It judges no content.
import { hash } from 'node:crypto';
import { CodedError } from '../../core/errors.ts';

const SHA_256 = /(?:^|,)\s*sha-256=([^,;\s]*)/;

/** Other digests than SHA-256 are passed over. Throws `intake.altered`. */
export const mustBeWhole = (header: string | undefined, body: Uint8Array): void => {
  const said = header === undefined ? undefined : SHA_256.exec(header)?.[1];
  if (said !== undefined && said !== `:${hash('sha256', body, 'base64')}:`) throw new CodedError('intake.altered', { bytes: body.length });
};
