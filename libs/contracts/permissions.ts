import { type ChannelType, channelTypes } from './outcome.js';
import { subjects } from './subjects.js';

/** What a NATS user may publish to and subscribe to. */
export interface Permissions {
  publish: readonly string[];
  subscribe: readonly string[];
}

/** Every stream that Farmbell declares. */
export const streamNames = ['INGEST', 'EVENTS', 'ROUTED', 'DELIVERIES', 'ATTEMPTS', 'COMMANDS', 'REJECTED'] as const;
type Stream = (typeof streamNames)[number];

const owners = ['gateway', 'printer-ingest', 'rules', 'health', 'journal'] as const;
type Owner = (typeof owners)[number];

/** Every service, and so every NATS user of Farmbell's own: one a service. */
export const services = [...owners, ...channelTypes] as const;
export type Service = (typeof services)[number];

/** What a service does on NATS. What it may do follows from this and from nothing else. */
interface Uses {
  /** Questions that it asks, as in `Asks`: `*` for every channel type, `>` as in subjects. */
  asks?: string[];
  /** Subjects of streams that it writes to, beside its own place on REJECTED. */
  writes: string[];
  /** What it does with streams, buckets and object stores: made of the functions below. */
  stores: string[][];
}

/** Who keeps the settings of streams and buckets as declared. Others may make what is missing, but not change it. */
const keepers: Record<string, Service> = {
  ...Object.fromEntries(streamNames.map((name) => [name, 'rules'])),
  KV_CHANNELS: 'rules',
  KV_PRINTERS: 'rules',
  KV_LEASES: 'rules',
  KV_ACCOUNTS: 'gateway',
  OBJ_SNAPSHOTS: 'gateway',
};
/** Every stream, bucket and object store, by the name of its stream. */
export const storeNames: readonly string[] = Object.keys(keepers);
export const keeps = (service: string, stream: string): boolean => keepers[stream] === service;

const uses: Record<Owner, Uses> = {
  gateway: {
    asks: ['rules.>', 'health.>', 'journal.>', '*.settings.describe'],
    writes: ['farmbell.event.>'],
    stores: [
      inOrder('EVENTS'),
      // of one account, for its live stream
      inOrder('EVENTS', subjects.event('*', '>')),
      inOrder('ATTEMPTS'),
      bucket('ACCOUNTS', '*'),
      bucket('PRINTERS'),
      objects('SNAPSHOTS'),
    ],
  },
  'printer-ingest': {
    asks: ['gateway.token.verify', 'journal.event.known', 'journal.event.any'],
    writes: ['farmbell.event.>'],
    stores: [
      durable('INGEST', 'printer-ingest'),
      inOrder('EVENTS'),
      bucket('ACCOUNTS'),
      bucket('PRINTERS'),
      objects('SNAPSHOTS'),
      leases('printer-ingest'),
    ],
  },
  rules: {
    asks: ['rules.index.refresh', 'rules.quiet.refresh', 'journal.event.known', '*.settings.check'],
    writes: [
      'farmbell.event.*.channel.>',
      'farmbell.routed.*',
      'farmbell.delivery.>',
      'farmbell.quiet.*',
      'farmbell.attempt.*.*',
      subjects.rulesCursor,
    ],
    stores: [
      inOrder('EVENTS'),
      oneMessage('DELIVERIES'),
      durable('DELIVERIES', 'quiet', subjects.quiet('*')),
      durable('COMMANDS', 'rules', subjects.disable('*')),
      bucket('CHANNELS', '*'),
      bucket('PRINTERS', '*.*'),
      leases('rules'),
    ],
  },
  health: {
    writes: [subjects.disable('*'), subjects.event('*', 'channel.failing')],
    stores: [inOrder('ATTEMPTS'), bucket('CHANNELS'), leases('health')],
  },
  journal: {
    // replays
    writes: ['farmbell.delivery.>'],
    stores: [
      inOrder('EVENTS'),
      inOrder('ROUTED'),
      inOrder('ATTEMPTS'),
      inOrder('REJECTED'),
      bucket('CHANNELS'),
      leases('journal'),
      // how full they are, for its metrics
      api(...storeNames.map((name) => `STREAM.INFO.${name}`)),
    ],
  },
};

/** A channel type needs no row: each does the same with its own part. */
const usesOfType = (type: ChannelType): Uses => ({
  asks: ['rules.channel.copy'],
  writes: [subjects.attempts(type)],
  stores: [
    lanes(`farmbell.delivery.${type}.*.*`),
    inOrder('ATTEMPTS', subjects.attempts(type)),
    oneMessage('ATTEMPTS'),
    bucket('CHANNELS'),
    objectsRead('SNAPSHOTS'),
    leases(`lane.${type}.*`, `replica.${type}.*`),
  ],
});

/** Each service's replies arrive under a prefix of its own: another service may not listen there. */
export const inboxPrefix = (user: string) => `_INBOX_${user}`;

/** For publishers: the ingest subjects, and the inboxes at which JetStream's answers arrive. */
export const publisherPermissions: Permissions = {
  publish: ['farmbell.ingest.>'],
  subscribe: ['_INBOX.>', `${inboxPrefix('publisher')}.>`],
};

/** All that a service's user may do: what the service needs to start, in any order with the others, and to work. */
export function permissionsOf(service: Service): Permissions {
  const { asks = [], writes, stores } = usesOf(service);
  const publish = [
    '$JS.API.INFO',
    ...streamNames.flatMap((name) => [`$JS.API.STREAM.INFO.${name}`, `$JS.API.STREAM.CREATE.${name}`]),
    ...Object.keys(keepers).flatMap((name) => (keeps(service, name) ? [`$JS.API.STREAM.UPDATE.${name}`] : [])),
    ...stores.flat(),
    ...writes,
    subjects.rejected(service),
    ...asks.map(subjects.ask),
    ...askersOf(service).map((asker) => `${inboxPrefix(asker)}.>`),
  ];
  return { publish: [...new Set(publish)], subscribe: [`${inboxPrefix(service)}.>`, subjects.ask(`${service}.>`)] };
}

/** Every NATS user but the operator, who may do everything: for people, and for a process of several services. */
export const natsUsers: Readonly<Record<string, Permissions>> = {
  ...Object.fromEntries(services.map((name) => [name, permissionsOf(name)])),
  publisher: publisherPermissions,
};

function usesOf(service: Service): Uses {
  return service in uses ? uses[service as Owner] : usesOfType(service as ChannelType);
}

/** Who asks a service, and so gets its answers. The first word of a question is its owner. */
function askersOf(owner: Service): Service[] {
  const names = (channelTypes as readonly string[]).includes(owner) ? [owner, '*'] : [owner];
  return services.filter((one) => usesOf(one).asks?.some((ask) => names.includes(ask.split('.', 1)[0]!)));
}

function api(...what: string[]): string[] {
  return what.map((one) => `$JS.API.${one}`);
}

/** Acks, as servers to 2.14 write their subjects, and as later ones will: with domain and account before the stream. */
function acks(place: string): string[] {
  return [`$JS.ACK.${place}.>`, `$JS.ACK.*.*.${place}.>`];
}

/** One consumer of that name; `filter` as it is declared. */
function durable(stream: Stream, name: string, filter?: string): string[] {
  const consumer = `${stream}.${name}`;
  return [
    ...api(`CONSUMER.CREATE.${consumer}${filter ? `.${filter}` : ''}`),
    ...api(`CONSUMER.INFO.${consumer}`, `CONSUMER.DELETE.${consumer}`, `CONSUMER.MSG.NEXT.${consumer}`),
    ...acks(consumer),
  ];
}

/** Reading without acks, by consumers of passing names. */
function inOrder(stream: Stream, filter?: string): string[] {
  const consumer = `${stream}.*`;
  return [
    ...api(`CONSUMER.CREATE.${consumer}${filter ? `.${filter}` : ''}`),
    ...api(`CONSUMER.INFO.${consumer}`, `CONSUMER.DELETE.${consumer}`, `CONSUMER.MSG.NEXT.${consumer}`),
  ];
}

/** A type's part of the work queue, by consumers that are named after lane and lease. */
function lanes(filter: string): string[] {
  return [...inOrder('DELIVERIES', filter), ...api('CONSUMER.NAMES.DELIVERIES'), ...acks('DELIVERIES.*')];
}

function oneMessage(stream: Stream): string[] {
  return api(`STREAM.MSG.GET.${stream}`);
}

/** Reading and watching a bucket; `keys`: those that it writes. */
function bucket(name: string, ...keys: string[]): string[] {
  const stream = `KV_${name}`;
  const values = `$KV.${name}`;
  return [
    ...api(`STREAM.INFO.${stream}`, `STREAM.CREATE.${stream}`, `DIRECT.GET.${stream}.${values}.>`),
    ...watching(stream, `${values}.>`),
    ...keys.map((key) => `${values}.${key}`),
  ];
}

function objects(name: string): string[] {
  return [...objectsRead(name), ...api(`STREAM.PURGE.OBJ_${name}`), `$O.${name}.>`];
}

function objectsRead(name: string): string[] {
  const stream = `OBJ_${name}`;
  return [
    ...api(`STREAM.INFO.${stream}`, `STREAM.CREATE.${stream}`, `STREAM.MSG.GET.${stream}`),
    ...watching(stream, `$O.${name}.C.>`),
  ];
}

function leases(...keys: string[]): string[] {
  return bucket('LEASES', ...keys);
}

function watching(stream: string, filter: string): string[] {
  const consumer = `${stream}.*`;
  return [
    ...api(`CONSUMER.CREATE.${consumer}.${filter}`, `CONSUMER.INFO.${consumer}`, `CONSUMER.DELETE.${consumer}`),
    `$JS.FC.${stream}.>`,
  ];
}
