/** What went wrong with a call, in words that tell no secret. */
export type FailureReason = 'timeout' | 'dns' | 'tls' | 'network' | 'blocked';

/** A call that brought no answer. `blocked` never left this machine. The message names the host at most: no path, query, header or body. */
export class HttpFailure extends Error {
  override readonly name = 'HttpFailure';
  constructor(
    readonly reason: FailureReason,
    message: string,
    /** Milliseconds from the call to the failure. */
    readonly latencyMs = 0,
  ) {
    super(message);
  }
}

/** A call that its caller did not want any more when it could begin: nothing of it was written. */
export class NotBegun extends Error {
  override readonly name = 'NotBegun';
}

/** More headers than so are cut off. */
export const HEADER_BYTES = 16 * 1024;

type Explained = [FailureReason, string];

const EXPLAINED: Record<string, Explained> = {
  ECONNREFUSED: ['network', 'refused the connection: nothing listens on this port'],
  ECONNRESET: ['network', 'closed the connection before a complete answer'],
  EPIPE: ['network', 'closed the connection before a complete answer'],
  UND_ERR_SOCKET: ['network', 'closed the connection before a complete answer'],
  EHOSTUNREACH: ['network', 'cannot be reached from this network'],
  ENETUNREACH: ['network', 'cannot be reached from this network'],
  UND_ERR_HEADERS_OVERFLOW: ['network', `answered with more than ${HEADER_BYTES} bytes of headers`],
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: ['network', 'answered with another length than it announced'],
  ETIMEDOUT: ['timeout', 'did not accept the connection in time'],
  UND_ERR_CONNECT_TIMEOUT: ['timeout', 'did not accept the connection in time'],
  UND_ERR_INVALID_ARG: [
    'blocked',
    'was not called: the request cannot be sent; check the URL, and the header values for unusual characters',
  ],
  UND_ERR_NOT_SUPPORTED: ['blocked', 'was not called: the request has a header that a delivery may not set'],
  ERR_TLS_CERT_ALTNAME_INVALID: ['tls', 'has a certificate for other names than this'],
  CERT_HAS_EXPIRED: ['tls', 'has a certificate that has expired'],
  CERT_NOT_YET_VALID: ['tls', 'has a certificate that is not valid yet'],
  DEPTH_ZERO_SELF_SIGNED_CERT: ['tls', 'has a self-signed certificate, which deliveries do not trust'],
  SELF_SIGNED_CERT_IN_CHAIN: ['tls', 'has a certificate of an unknown authority'],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ['tls', 'sends an incomplete certificate chain'],
};

const FAMILIES: [RegExp, Explained][] = [
  [/^HPE_/, ['network', 'did not answer in HTTP']],
  [
    /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|EPROTO$|CERT_|CRL_|UNABLE_TO_|INVALID_(CA|PURPOSE)$|HOSTNAME_|PATH_LENGTH_)/,
    ['tls', 'failed the TLS handshake'],
  ],
];

/** What an error of undici, Node or OpenSSL means, by its code; its own message may hold secrets and is never used. */
export function failureOf(error: unknown, host: string, latencyMs: number): HttpFailure {
  if (error instanceof HttpFailure) return new HttpFailure(error.reason, error.message, latencyMs);
  const code = String((error as { code?: unknown } | undefined)?.code ?? 'unknown');
  const family = FAMILIES.find(([pattern]) => pattern.test(code))?.[1];
  const [reason, text] = EXPLAINED[code] ?? family ?? ['network', 'could not be reached'];
  return new HttpFailure(reason, `${host} ${text} (${code})`, latencyMs);
}
