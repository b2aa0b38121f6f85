import ipaddr from 'ipaddr.js';
import { channelTypes, services } from '#contracts';
import { type Kube, labelsOf, matches, ofKind, workloads } from './objects.js';

/** Somebody who may speak, or be spoken to: a pod of some namespace, or an address beyond the cluster. */
interface Place {
  name: string;
  namespace?: string;
  labels?: Record<string, string>;
  address?: string;
}

const home = 'farmbell';
const ports = ['53/UDP', '22', '53', '443', '4222', '5432', '6222', '7777', '8080', '8222', '8443', '9464', '50051'];

const pod = (name: string, namespace: string, labels: Record<string, string> = {}): Place => ({ name, namespace, labels });
const outsiders: Place[] = [
  pod('dns', 'kube-system', { 'k8s-app': 'kube-dns' }),
  pod('prometheus', 'monitoring', { 'app.kubernetes.io/name': 'prometheus' }),
  pod('publisher', 'printers', { 'farmbell/publisher': 'true' }),
  pod('stranger', 'printers'),
  pod('stranger in the namespace', home),
  { name: 'internet', address: '93.184.215.14' },
  { name: 'internet by IPv6', address: '2606:2800:21f::1' },
  { name: 'LAN', address: '192.168.1.20' },
  { name: 'LAN by IPv6', address: 'fd00::20' },
  { name: 'metadata of the cloud', address: '169.254.169.254' },
];
/** In production the chart makes these. */
const nats = pod('nats', home, { 'app.kubernetes.io/name': 'nats', 'app.kubernetes.io/component': 'nats' });
const outside = { name: 'database', address: '192.0.2.10' };

/** Who may open a connection to whom, by the policies: `rules -> nats:4222`. */
export function arrowsOf(objects: Kube[]): Set<string> {
  const inside = workloads(objects).map((one) => pod(one.metadata.name, home, labelsOf(one)));
  if (!inside.some(({ name }) => name === 'nats')) inside.push(nats);
  const places = [...inside, ...outsiders, outside];
  const policies = ofKind(objects, 'NetworkPolicy');
  const arrows = new Set<string>();
  for (const from of places) {
    for (const to of places) {
      if (!inside.includes(from) && !inside.includes(to)) continue;
      for (const port of ports)
        if (lets(policies, 'Egress', from, to, port) && lets(policies, 'Ingress', to, from, port))
          arrows.add(`${from.name} -> ${to.name}:${port}`);
    }
  }
  return arrows;
}

/** Whether a side's own policies let a connection through: all do, when none is for it. */
function lets(policies: Kube[], way: 'Egress' | 'Ingress', self: Place, other: Place, port: string): boolean {
  if (self.namespace !== home) return true;
  const own = policies.filter(({ spec }) => spec.policyTypes.includes(way) && matches(spec.podSelector, self.labels ?? {}));
  if (own.length === 0) return true;
  const [list, peers] = way === 'Egress' ? (['egress', 'to'] as const) : (['ingress', 'from'] as const);
  return own.some(({ spec }) =>
    (spec[list] ?? []).some(
      (rule: Kube) =>
        (!rule[peers] || rule[peers].some((peer: Kube) => isMeant(peer, other))) &&
        (!rule.ports || rule.ports.some((one: Kube) => isPort(one, port))),
    ),
  );
}

/** An address block is for what is no pod: pods have addresses of the cluster, which no block here may hold. */
function isMeant(peer: Kube, place: Place): boolean {
  if (peer.ipBlock) {
    return (
      place.address !== undefined &&
      within(place.address, peer.ipBlock.cidr) &&
      !(peer.ipBlock.except ?? []).some((cidr: string) => within(place.address!, cidr))
    );
  }
  if (place.namespace === undefined) return false;
  const there = peer.namespaceSelector
    ? matches(peer.namespaceSelector, { 'kubernetes.io/metadata.name': place.namespace })
    : place.namespace === home;
  return there && matches(peer.podSelector ?? {}, place.labels ?? {});
}

function within(address: string, cidr: string): boolean {
  const parsed = ipaddr.parse(address);
  const [block, bits] = ipaddr.parseCIDR(cidr);
  return parsed.kind() === block.kind() && parsed.match(block, bits);
}

function isPort(rule: { protocol?: string; port: number; endPort?: number }, port: string): boolean {
  const [number, protocol = 'TCP'] = port.split('/');
  return (rule.protocol ?? 'TCP') === protocol && Number(number) >= rule.port && Number(number) <= (rule.endPort ?? rule.port);
}

/** The picture of the README, with what a cluster adds: DNS, Prometheus, the Job of the migrations. */
export function arrowsOfThePicture(database: 'postgres' | 'database' | undefined): Set<string> {
  const owners = services.filter((one) => one !== 'printer-ingest');
  const tcp = ports.filter((port) => !port.includes('/'));
  // who is not held back by a policy of its own
  const anybody = [...outsiders.filter(({ name }) => name !== 'stranger in the namespace'), outside].map(({ name }) => name);
  const all = (froms: readonly string[], to: string, ...at: string[]) =>
    froms.flatMap((from) => at.map((port) => `${from} -> ${to}:${port}`));
  return new Set([
    ...all([...services, 'nats', 'migrate'], 'dns', '53', '53/UDP'),
    ...all([...services, 'publisher'], 'nats', '4222'),
    ...all(['nats'], 'nats', '6222'),
    ...(database ? all([...owners, 'migrate'], database, '5432') : []),
    ...all(channelTypes, 'internet', ...tcp),
    ...all(channelTypes, 'internet by IPv6', ...tcp),
    // an address of nobody is as public to them as any
    ...all(channelTypes, 'database', ...tcp),
    ...all(anybody, 'gateway', '8080'),
    ...all(anybody, 'printer-ingest', '50051'),
    ...services.filter((one) => one !== 'gateway').flatMap((one) => all(['prometheus'], one, '9464')),
    ...all(['prometheus'], 'nats', '7777'),
  ]);
}

/** A sentence for each arrow that is too many or missing. */
export function arrowFaults(objects: Kube[], database: 'postgres' | 'database' | undefined): string[] {
  const [is, ought] = [arrowsOf(objects), arrowsOfThePicture(database)];
  return [
    ...joined([...is].filter((arrow) => !ought.has(arrow))).map(
      (arrow) => `NetworkPolicies let ${arrow}, which the picture has not`,
    ),
    ...joined([...ought].filter((arrow) => !is.has(arrow))).map(
      (arrow) => `NetworkPolicies refuse ${arrow}, which the picture has`,
    ),
  ];
}

/** One line for all ports of two places. */
function joined(arrows: string[]): string[] {
  const byPlaces = new Map<string, string[]>();
  for (const arrow of arrows) {
    const at = arrow.lastIndexOf(':');
    const places = arrow.slice(0, at);
    byPlaces.set(places, [...(byPlaces.get(places) ?? []), arrow.slice(at + 1)]);
  }
  return [...byPlaces].map(([places, of]) => `${places}:${of.join(',')}`);
}
