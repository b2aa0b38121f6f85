/** What nats.js needs to connect, taken from a URL: it does not itself read credentials out of one. */
export interface NatsTarget {
  servers: string[];
  user?: string;
  pass?: string;
  token?: string;
}

/**
 * Reads `nats://user:password@host:port` (or `nats://token@host:port`; several, comma-separated, with the credentials of the
 * first that has some) into options for nats.js's `connect`. Throws an error without the URL, which may hold a password.
 */
export function natsTarget(urls: string): NatsTarget {
  const parsed = urls.split(',').map((url) => parse(url.trim()));
  const servers = parsed.map(({ protocol, host }) => (protocol === 'nats:' ? host : `${protocol}//${host}`));
  const known = parsed.find((url) => url.username !== '');
  if (known === undefined) return { servers };
  const user = decodeURIComponent(known.username);
  return known.password === '' ? { servers, token: user } : { servers, user, pass: decodeURIComponent(known.password) };
}

function parse(url: string): URL {
  const whole = url.includes('://') ? url : `nats://${url}`;
  if (!URL.canParse(whole)) throw new Error('The NATS URL is not one: it looks like nats://user:password@host:4222.');
  return new URL(whole);
}
