// What stands in the way of an encrypted connection: the server's certificate, or ours, told in words. Shared by the drivers of all stores.

const WORDS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet: one of the two clocks is wrong',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself, and is not among those that are trusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by an authority that is not trusted here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by an authority that is not trusted here',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate is signed by an authority that is not trusted here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is signed by an authority that is not trusted here',
  CERT_SIGNATURE_FAILURE: 'the signature of its certificate is wrong',
  CERT_REVOKED: 'its certificate was revoked',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
};

/** Both sides of TLS tell by these that the other's certificate, or the lack of one, is why they hung up. */
const REFUSED_OURS = /alert (?:certificate required|bad certificate|unknown ca|certificate expired|certificate unknown)/i;

/** undefined: it is no error of certificates. */
export const certificateReason = (error: unknown): string | undefined => {
  if (!(error instanceof Error)) return undefined;
  const { code, message } = error as Error & { readonly code?: string };
  const words = code === undefined ? undefined : WORDS[code];
  if (words !== undefined) return code === 'ERR_TLS_CERT_ALTNAME_INVALID' ? `${words}: ${message.replace(/^.*?altnames: /, '')}` : words;
  if (REFUSED_OURS.test(message)) return `it refuses our certificate, or asks for one: ${message.replace(/^.*SSL routines:/, '').replaceAll('\n', ' ')}`;
  return undefined;
};
