import { atScrape } from '#runtime';

/** What a reader of a stream has before it. */
export interface Lag {
  messages: number;
  /** Age of the oldest of them that it knows. */
  seconds: number;
}

export interface LagOf {
  /** The service that reads. */
  consumer: string;
  stream: string;
}

const readers = new Map<object, LagOf & { lag: () => Lag }>();

/** A reader's lag is shown from now on, until what this answers with is called. */
export function tellLag(of: LagOf, lag: () => Lag): () => void {
  const key = {};
  readers.set(key, { ...of, lag });
  return () => void readers.delete(key);
}

const tell = (what: keyof Lag) => () =>
  [...readers.values()].map(({ consumer, stream, lag }) => [{ consumer, stream }, lag()[what]] as const);

const labelNames: ('consumer' | 'stream')[] = ['consumer', 'stream'];
atScrape(
  {
    name: 'farmbell_consumer_lag_messages',
    help: 'Messages of a stream that its reader has not worked off; told by the replica that reads, in its part',
    labelNames,
  },
  tell('messages'),
);
atScrape(
  {
    name: 'farmbell_consumer_lag_seconds',
    help: 'Age of the oldest message that a reader holds and has not worked off; 0: it holds none',
    labelNames,
  },
  tell('seconds'),
);
