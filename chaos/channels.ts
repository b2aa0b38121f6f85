import type { Accepted } from './records.js';

/** How a receiver answers. `times`: so often for each event, then well. */
export type Behaviour =
  | { kind: 'well' }
  | { kind: 'slow'; fromMs: number; toMs: number }
  | { kind: 'fails'; times: number }
  | { kind: 'cuts'; times: number }
  | { kind: 'hangs' }
  | { kind: 'dies' };

type Event = Pick<Accepted, 'type' | 'severity' | 'printer' | 'tags' | 'n'>;

export interface ChannelPlan {
  name: string;
  type: 'webhook' | 'discord';
  behaviour: Behaviour;
  /** What is sent to POST /v1/channels beside name, type and the URL. */
  asks: Record<string, unknown>;
  settings?: Record<string, unknown>;
  /** What `asks` selects, said anew: the product is not asked what it should do. */
  selects: (event: Event) => boolean;
  /** How its deliveries may end, as the API says; `waiting`: not yet. */
  ends: readonly string[];
  /** Its first arrivals tell when all is well again. */
  fast: boolean;
}

/** The event at which the receiver of `doomed` says that it is gone for good. */
export const doom = 'doom';
const never = { failures: 10_000 };
const busy = ['job.*', 'printer.*'];
const isBusy = (event: Event) => /^(job|printer)\./.test(event.type);
const number = (event: Event) => Number(event.printer.slice(1));
const printersBelow = (n: number) => Array.from({ length: n }, (_, i) => `p${i}`);

/** Who listens: each in another way, so that each fault meets deliveries in every state. */
export const channelPlans: readonly ChannelPlan[] = [
  {
    name: 'fast',
    type: 'webhook',
    behaviour: { kind: 'well' },
    asks: { events: busy },
    selects: isBusy,
    ends: ['delivered'],
    fast: true,
  },
  {
    name: 'filtered',
    type: 'webhook',
    behaviour: { kind: 'well' },
    asks: { events: ['job.*'], min_severity: 'warning', tags: ['room 1'] },
    selects: ({ type, severity, tags }) =>
      type.startsWith('job.') && ['warning', 'error', 'critical'].includes(severity) && tags.includes('room 1'),
    ends: ['delivered'],
    fast: false,
  },
  {
    name: 'once',
    type: 'webhook',
    behaviour: { kind: 'well' },
    asks: { events: ['job.succeeded', 'job.failed'], retry: { mode: 'once' } },
    selects: ({ type }) => type === 'job.succeeded' || type === 'job.failed',
    ends: ['delivered'],
    fast: true,
  },
  {
    name: 'slow',
    type: 'webhook',
    behaviour: { kind: 'slow', fromMs: 300, toMs: 2000 },
    asks: { events: ['job.started', 'job.succeeded'], printers: printersBelow(10) },
    selects: (event) => ['job.started', 'job.succeeded'].includes(event.type) && number(event) < 10,
    ends: ['delivered'],
    fast: false,
  },
  // at every moment, something of it is under way for longer than a lease lasts
  {
    name: 'lazy',
    type: 'webhook',
    behaviour: { kind: 'slow', fromMs: 6000, toMs: 14_000 },
    asks: { events: ['printer.offline'], printers: printersBelow(10) },
    settings: { timeout_s: 30 },
    selects: (event) => event.type === 'printer.offline' && number(event) < 10,
    ends: ['delivered'],
    fast: false,
  },
  {
    name: 'flaky',
    type: 'webhook',
    behaviour: { kind: 'fails', times: 1 },
    asks: { events: ['job.paused', 'job.failed'], auto_disable: never },
    selects: ({ type }) => type === 'job.paused' || type === 'job.failed',
    ends: ['delivered'],
    fast: false,
  },
  {
    name: 'cutting',
    type: 'webhook',
    behaviour: { kind: 'cuts', times: 1 },
    asks: { events: ['job.paused'], auto_disable: never },
    selects: ({ type }) => type === 'job.paused',
    ends: ['delivered'],
    fast: false,
  },
  {
    name: 'broken',
    type: 'webhook',
    behaviour: { kind: 'fails', times: Number.POSITIVE_INFINITY },
    asks: { events: ['job.failed'], retry: { mode: 'backoff', attempts: 2 }, auto_disable: never },
    selects: ({ type }) => type === 'job.failed',
    ends: ['failed'],
    fast: false,
  },
  {
    name: 'broken-once',
    type: 'webhook',
    behaviour: { kind: 'fails', times: Number.POSITIVE_INFINITY },
    asks: { events: ['job.paused'], retry: { mode: 'once' }, auto_disable: never },
    selects: ({ type }) => type === 'job.paused',
    ends: ['failed'],
    fast: false,
  },
  {
    name: 'patient',
    type: 'webhook',
    behaviour: { kind: 'fails', times: Number.POSITIVE_INFINITY },
    asks: { events: ['printer.offline'], auto_disable: never },
    selects: ({ type }) => type === 'printer.offline',
    ends: ['waiting'],
    fast: false,
  },
  {
    name: 'hanging',
    type: 'webhook',
    behaviour: { kind: 'hangs' },
    asks: { events: ['job.failed'], printers: printersBelow(20), retry: { mode: 'backoff', attempts: 2 }, auto_disable: never },
    settings: { timeout_s: 3 },
    selects: (event) => event.type === 'job.failed' && number(event) < 20,
    ends: ['failed'],
    fast: false,
  },
  {
    name: 'doomed',
    type: 'webhook',
    behaviour: { kind: 'dies' },
    asks: { events: ['custom.doomed'], auto_disable: never },
    selects: ({ type }) => type === 'custom.doomed',
    ends: ['cancelled', 'failed'],
    fast: false,
  },
  // below what a webhook of Discord takes: 30 messages a minute
  {
    name: 'discord',
    type: 'discord',
    behaviour: { kind: 'well' },
    asks: { events: ['job.succeeded', 'printer.*'], printers: printersBelow(1) },
    selects: (event) => (event.type === 'job.succeeded' || event.type.startsWith('printer.')) && number(event) < 1,
    ends: ['delivered'],
    fast: false,
  },
  {
    name: 'discord-errors',
    type: 'discord',
    behaviour: { kind: 'well' },
    asks: { events: busy, min_severity: 'error', printers: printersBelow(2) },
    selects: (event) => isBusy(event) && ['error', 'critical'].includes(event.severity) && number(event) < 2,
    ends: ['delivered'],
    fast: false,
  },
  // far beyond: most of it is folded into summaries
  {
    name: 'discord-storm',
    type: 'discord',
    behaviour: { kind: 'well' },
    asks: { events: busy },
    selects: isBusy,
    ends: ['delivered'],
    fast: false,
  },
];
