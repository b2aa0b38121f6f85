import { pause, tellLag } from '#bus';
import type { ChannelType } from '#contracts';
import { atScrape } from '#runtime';
import type { Dispatcher } from './dispatcher.js';
import type { Lanes } from './lanes.js';
import type { Scopes } from './scopes.js';
import type { Waiting, WaitingCounts } from './waiting.js';

/** What a delivery waits for: to be read from the queue, for its channel's turn, for its provider's limit, for its next attempt. */
const causes = ['queue', 'backlog', 'limit', 'retry'] as const;
type Standing = Record<(typeof causes)[number] | 'underWay' | 'due', number>;

const standings = new Map<ChannelType, () => Standing>();
const each = <L extends string>(rows: (type: ChannelType, standing: Standing) => (readonly [Record<L, string>, number])[]) =>
  [...standings].flatMap(([type, standing]) => rows(type, standing()));

atScrape(
  {
    name: 'farmbell_deliveries_waiting',
    help: 'Deliveries that wait, in the lanes of this process, by what they wait for; those in the table are counted every 10 s, and more seldom when they are very many',
    labelNames: ['type', 'cause'],
  },
  () => each((type, standing) => causes.map((cause) => [{ type, cause }, standing[cause]] as const)),
);
atScrape(
  {
    name: 'farmbell_deliveries_in_flight',
    help: 'Deliveries that this process is working on: their call is under way or about to be made',
    labelNames: ['type'],
  },
  () => each((type, { underWay }) => [[{ type }, underWay]]),
);
atScrape(
  {
    name: 'farmbell_deliveries_due',
    help: 'Deliveries that could be sent now and wait for this process, in its lanes: in the queue, behind others of their channel, or past the time of their next attempt',
    labelNames: ['type'],
  },
  () => each((type, { due }) => [[{ type }, due]]),
);

export interface StandingParts {
  type: ChannelType;
  lanes: Lanes;
  dispatcher: Dispatcher;
  scopes: Scopes;
  waiting: Waiting;
  onError: (error: unknown) => void;
  signal: AbortSignal;
}

const none: WaitingCounts = { backlog: 0, limit: 0, retry: 0, due: 0 };
const everyMs = 10_000;
/** Counting takes so much of the time, and no more while parts are quick: it costs the database a core. */
const share = 0.005;
/** A part is small: one that took long had a busy machine to wait for, and the next need not wait as long again. */
const mostRestMs = 2000;

/** Tells of what waits in this process's lanes, until the signal. */
export async function tellStanding(parts: StandingParts): Promise<void> {
  const { type, lanes, dispatcher, scopes, onError, signal } = parts;
  let rows = none;
  const untell = tellLag({ consumer: type, stream: 'DELIVERIES' }, () => lanes.lag);
  standings.set(type, () => {
    const { underWay, behind } = dispatcher.counts;
    const limited = scopes.waiting;
    const queue = lanes.lag.messages;
    const backlog = rows.backlog + behind;
    return {
      queue,
      backlog,
      limit: rows.limit + limited,
      retry: rows.retry,
      underWay: Math.max(0, underWay - limited),
      due: queue + backlog + rows.due,
    };
  });
  while (!signal.aborted) {
    const next = Date.now() + everyMs;
    rows = (await counted(parts).catch(onError)) ?? rows;
    await pause(next - Date.now(), signal);
  }
  standings.delete(type);
  untell();
}

async function counted({ lanes, dispatcher, waiting, signal }: StandingParts): Promise<WaitingCounts | undefined> {
  const sum = { ...none };
  let began = performance.now();
  for await (const part of waiting.count(
    () => lanes.owned,
    () => dispatcher.rowsHeld,
  )) {
    for (const cause of ['backlog', 'limit', 'retry', 'due'] as const) sum[cause] += part[cause];
    await pause(Math.min((performance.now() - began) / share, mostRestMs), signal);
    if (signal.aborted) return undefined;
    began = performance.now();
  }
  return sum;
}
