import { Counter } from 'prom-client';
import { every } from '#bus';
import { type ChannelType, channelTypes } from '#contracts';
import { atScrape, type Database, metrics } from '#runtime';

export { suppressed } from '#delivery';

const counter = (name: string, help: string) => new Counter({ name, help, registers: [metrics] });
const rounds = counter('farmbell_rules_rounds_total', 'Rounds in which events were decided and what is due was written');
const events = counter('farmbell_rules_events_total', 'Events that were decided');
const deliveries = counter(
  'farmbell_rules_deliveries_total',
  'What the decided events led to: deliveries, and what quiet hours hold back',
);

/** After each round of the fold. */
export function roundDone(ofEvents: number, ofDeliveries: number): void {
  rounds.inc();
  events.inc(ofEvents);
  deliveries.inc(ofDeliveries);
}

const states = ['enabled', 'disabled'] as const;
type Counts = Record<ChannelType, Record<(typeof states)[number], number>>;
/** Of the active replica; undefined elsewhere. */
let counts: Counts | undefined;

atScrape(
  {
    name: 'farmbell_channels',
    help: 'Channels of the whole farm, told by the active replica of rules',
    labelNames: ['type', 'state'],
  },
  () => (counts ? channelTypes.flatMap((type) => states.map((state) => [{ type, state }, counts![type][state]] as const)) : []),
);

const everyMs = 15_000;

/** Counts the channels now and then, until the signal: what one replica at a time does. */
export async function countChannels(database: Database, signal: AbortSignal, onError: (error: unknown) => void): Promise<void> {
  const count = async () => {
    counts = await read(database);
  };
  await every(everyMs, count, signal, onError);
  counts = undefined;
}

async function read(database: Database): Promise<Counts> {
  const rows = await database.rows<{ type: ChannelType; enabled: boolean; n: number }>(
    'select type, enabled, count(*)::int as n from channel where not deleted group by type, enabled',
  );
  const of = (type: ChannelType, enabled: boolean) => rows.find((row) => row.type === type && row.enabled === enabled)?.n ?? 0;
  return Object.fromEntries(channelTypes.map((type) => [type, { enabled: of(type, true), disabled: of(type, false) }])) as Counts;
}
