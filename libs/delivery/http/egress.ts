/** The egress policy: which addresses a delivery may connect to. Deny by default; the operator opens CIDRs, never a tenant. */
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import ipaddr from 'ipaddr.js';

type Ip = ipaddr.IPv4 | ipaddr.IPv6;

export type Endpoint = { host: string; port: number };

export type EgressOptions = {
  /** CIDRs outside the public internet that deliveries may reach (FARMBELL_EGRESS_ALLOW). */
  allow: readonly string[];
  /** Farmbell's own NATS and database endpoints: never reachable, whatever `allow` and `trusted` say. */
  forbidden: readonly Endpoint[];
  /** Origins given by the operator (e.g. FARMBELL_DISCORD_ORIGIN): exempt from the address rule, not from `forbidden`. */
  trusted: readonly string[];
  /** This machine's addresses; only for tests. */
  own?: () => readonly string[];
};

export type EgressPolicy = {
  /** Why this address and port may not be connected to, with the cure; undefined when it may. `origin` is the URL's, for trust and wording. */
  verdict: (address: string, port: number, origin?: string) => string | undefined;
  /** The same for all addresses of one name: one that is refused refuses all, and one text names every CIDR to open. */
  judge: (addresses: readonly string[], port: number, origin?: string) => string | undefined;
  /** Forbidden endpoints at this port that are known by name: who connects resolves them first, and asks `meets` for the answers. */
  forbiddenNames: (port: number) => string[];
  /** Whether an address leads to one of `taken`, however each is written; addresses of this machine all lead to it. */
  meets: (address: string, taken: readonly string[]) => boolean;
  trusts: (origin: string) => boolean;
};

const WORDS: Record<string, string> = {
  private: 'a private address',
  uniqueLocal: 'a private address',
  loopback: 'this machine itself',
  unspecified: 'this machine itself',
  linkLocal: 'a link-local address, where cloud metadata services listen',
  carrierGradeNat: 'a carrier-grade NAT address',
  multicast: 'a multicast address',
  broadcast: 'a broadcast address',
};

// Azure's wire server answers on this address inside every virtual machine, and ipaddr.js takes it for a public one:
// https://learn.microsoft.com/en-us/azure/virtual-network/what-is-ip-address-168-63-129-16
const AZURE_HOST = '168.63.129.16';

// All public IPv6 lies in 2000::/3 (https://www.iana.org/assignments/ipv6-address-space). This also shuts out ::/96, the IPv4-compatible
// addresses (::127.0.0.1), which ipaddr.js calls unicast.
const GLOBAL_IPV6 = ipaddr.parseCIDR('2000::/3');

/**
 * One spelling for an address that Node's connect takes: no zone, no dotted end. ipaddr.js takes `::127.0.0.1`, which a resolver prints
 * for ::7f00:1, for the IPv4-mapped `::ffff:127.0.0.1`, which is another address.
 */
const spelled = (address: string): string =>
  isIP(address) === 6 ? bare(new URL(`http://[${address.replace(/%.*/, '')}]`).hostname) : address;

/** An address as Node's own connect understands it (no octal or hexadecimal forms), IPv4-mapped IPv6 as IPv4; undefined for anything else. */
const parse = (address: string): Ip | undefined => (isIP(address) ? ipaddr.process(spelled(address)) : undefined);

/** What makes an address not a public one; undefined for a public one. */
function oddity(ip: Ip): string | undefined {
  const range = ip.range();
  if (range !== 'unicast') return WORDS[range] ?? `not a public address (${range})`;
  if (ip.toString() === AZURE_HOST) return "the cloud provider's own service";
  if (ip.kind() === 'ipv6' && !ip.match(GLOBAL_IPV6)) return 'not a public address';
  return undefined;
}

function parseCidr(entry: string): [Ip, number] | undefined {
  const [address = '', prefix = '', ...more] = entry.split('/');
  const width = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
  if (!width || more.length || !/^\d{1,3}$/.test(prefix) || Number(prefix) > width) return undefined;
  const ip = ipaddr.parse(spelled(address));
  const mapped = ip.kind() === 'ipv6' && (ip as ipaddr.IPv6).isIPv4MappedAddress() && Number(prefix) >= 96;
  return mapped ? [ipaddr.process(spelled(address)), Number(prefix) - 96] : [ip, Number(prefix)];
}

/**
 * The entries of FARMBELL_EGRESS_ALLOW: comma-separated CIDRs, IPv4 or IPv6; empty text gives none.
 * Throws an Error that says which entry is not a CIDR and how to write one, never what it holds.
 */
export function parseCidrs(text: string): string[] {
  const entries = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  for (const [i, entry] of entries.entries()) {
    if (parseCidr(entry)) continue;
    const hint = isIP(entry)
      ? `write /${isIP(entry) === 4 ? 32 : 128} behind it for this one address`
      : 'write e.g. 192.168.1.20/32 or fd00::/8';
    throw new Error(`FARMBELL_EGRESS_ALLOW: entry ${i + 1} of ${entries.length} is not a CIDR; ${hint}`);
  }
  return entries;
}

const interfaces = (): string[] => Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((one) => one.address));

const single = (ip: Ip): string => `${ip.toString()}/${ip.kind() === 'ipv4' ? 32 : 128}`;

function cure(refused: readonly Ip[], origin: string | undefined): string {
  const set = `FARMBELL_EGRESS_ALLOW=${refused.map(single).join(',')} (after a comma when it already holds others)`;
  const http = origin?.startsWith('http:') ? ' and FARMBELL_ALLOW_HTTP_WEBHOOKS=true' : '';
  return `Deliveries reach the public internet only. To let them through, the operator sets ${set}${http}, and restarts Farmbell`;
}

/** Builds the policy. Throws when `allow` holds something that is not a CIDR, or `trusted` something that is not a URL. */
export function egressPolicy(options: EgressOptions): EgressPolicy {
  const allow = parseCidrs(options.allow.join(',')).map((entry) => parseCidr(entry)!);
  const trusted = new Set(options.trusted.map((origin) => new URL(origin).origin));
  const own = options.own ?? interfaces;

  const listed = (ip: Ip): boolean => allow.some((cidr) => cidr[0].kind() === ip.kind() && ip.match(cidr));
  // "localhost" resolves to 127.0.0.1 and ::1: who opened the one means the machine, and would not understand a refusal of the other.
  const allowed = (ip: Ip): boolean => listed(ip) || (ip.toString() === '::1' && listed(ipaddr.parse('127.0.0.1')));

  const isOwn = (ip: Ip): boolean =>
    ['loopback', 'unspecified'].includes(ip.range()) || own().some((address) => parse(address)?.toString() === ip.toString());
  // What listens on this machine may listen on all of its addresses: the same port of any of them counts as the endpoint.
  const same = (host: Ip, ip: Ip): boolean => host.toString() === ip.toString() || (isOwn(host) && isOwn(ip));
  const isForbidden = (ip: Ip, port: number): boolean =>
    options.forbidden.some((endpoint) => {
      if (endpoint.port !== port) return false;
      const host = parse(bare(endpoint.host));
      if (!host) return bare(endpoint.host).toLowerCase() === 'localhost' && isOwn(ip);
      return same(host, ip);
    });

  const trusts = (origin: string): boolean => trusted.has(origin);

  function judge(addresses: readonly string[], port: number, origin?: string): string | undefined {
    const refused: Ip[] = [];
    for (const address of addresses) {
      const ip = parse(address);
      if (!ip) return `"${address}" is not an IP address; use a name or a plain address`;
      if (isForbidden(ip, port)) {
        return `${ip.toString()} port ${port} belongs to Farmbell's own NATS or database, which no delivery may reach and no setting opens; use another receiver`;
      }
      if (origin !== undefined && trusts(origin)) continue;
      if (oddity(ip) !== undefined && !allowed(ip)) refused.push(ip);
    }
    if (refused.length === 0) return undefined;
    const what = refused.map((ip) => `${ip.toString()} is ${oddity(ip)}`).join(' and ');
    return `${what}. ${cure(refused, origin)}`;
  }

  return {
    judge,
    verdict: (address, port, origin) => judge([address], port, origin),
    forbiddenNames: (port) =>
      options.forbidden
        .filter((endpoint) => endpoint.port === port && !isIP(bare(endpoint.host)))
        .map((endpoint) => endpoint.host),
    meets: (address, taken) => {
      const ip = parse(address);
      return ip !== undefined && taken.map(parse).some((host) => host !== undefined && same(host, ip));
    },
    trusts,
  };
}

/** A URL's host without the brackets of IPv6. */
const bare = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');

/** The port a URL leads to. */
export const portOf = (url: URL): number => Number(url.port) || (url.protocol === 'https:' ? 443 : 80);

/**
 * What is wrong with a URL that somebody enters as a receiver, with the cure; undefined when nothing is.
 * Names are not resolved here: what they lead to is checked at every connection.
 */
export function checkUrl(text: string, { allowHttp, policy }: { allowHttp: boolean; policy: EgressPolicy }): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url) return 'is not a URL: write it in full, e.g. https://hooks.example.com/farmbell';
  if (!/^https?:$/.test(url.protocol)) return `begins with ${url.protocol}//: use https://`;
  if (url.username || url.password)
    return 'holds a user name or password before the host: remove it; a receiver checks the signature or the API key instead';
  const host = bare(url.hostname);
  if (host.endsWith('.')) return 'has a full stop at the end of the host name: remove it';
  const address = /(^|\.)localhost$/.test(host) ? '127.0.0.1' : host;
  const literal = isIP(address) !== 0;
  const refusal = literal ? policy.verdict(address, portOf(url), url.origin) : undefined;
  if (refusal) return `leads where deliveries do not go: ${refusal}`;
  if (url.protocol === 'https:' || allowHttp || policy.trusts(url.origin)) return undefined;
  const lan = literal ? '' : '; if it stands on your own network, also FARMBELL_EGRESS_ALLOW=<its address>/32';
  return `begins with http://: use https://, or the operator sets FARMBELL_ALLOW_HTTP_WEBHOOKS=true${lan}, and restarts Farmbell`;
}
