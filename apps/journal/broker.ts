import { type Bus, pause } from '#bus';
import { storeNames } from '#contracts';
import { atScrape } from '#runtime';

interface Stream {
  stream: string;
  messages: number;
  bytes: number;
  last: number;
  consumers: number;
}
interface Broker {
  streams: Stream[];
  used: number;
  /** 0: none. */
  limit: number;
}
/** As the active replica has last seen it; undefined elsewhere. */
let broker: Broker | undefined;

const ofStream = (name: string, help: string, value: (stream: Stream) => number) =>
  atScrape({ name, help: `${help}; of the whole farm, told by the active replica of journal`, labelNames: ['stream'] }, () =>
    (broker?.streams ?? []).map((one) => [{ stream: one.stream }, value(one)]),
  );
const ofAll = (name: string, help: string, value: (broker: Broker) => number) =>
  atScrape({ name, help: `${help}; of the whole farm, told by the active replica of journal`, labelNames: [] }, () =>
    broker ? [[{}, value(broker)]] : [],
  );

ofStream(
  'farmbell_stream_messages',
  'Messages in a stream, bucket (KV_…) or object store (OBJ_…) of JetStream',
  (one) => one.messages,
);
ofStream('farmbell_stream_bytes', 'Bytes of a stream, bucket or object store of JetStream', (one) => one.bytes);
ofStream('farmbell_stream_last_sequence', 'Messages that a stream, bucket or object store ever stored', (one) => one.last);
ofStream('farmbell_stream_consumers', 'Consumers of a stream, bucket or object store', (one) => one.consumers);
ofAll('farmbell_jetstream_storage_bytes', "Bytes that JetStream stores on disk for Farmbell's account", (all) => all.used);
ofAll(
  'farmbell_jetstream_storage_limit_bytes',
  "Bytes that JetStream may store on disk for Farmbell's account; 0: the account has no limit of its own",
  (all) => all.limit,
);

const everyMs = 10_000;

/** Looks at JetStream now and then, until the signal: what one replica at a time does. */
export async function watchBroker(bus: Bus, signal: AbortSignal, onError: (error: unknown) => void): Promise<void> {
  while (!signal.aborted) {
    // what cannot be asked is not known: nothing is shown then
    broker = await look(bus).catch((error) => void onError(error));
    await pause(everyMs, signal);
  }
  broker = undefined;
}

async function look(bus: Bus): Promise<Broker> {
  const [account, ...streams] = await Promise.all([
    bus.jsm.getAccountInfo(),
    ...storeNames.map(async (stream): Promise<Stream[]> => {
      const info = await bus.jsm.streams.info(stream).catch(() => undefined);
      if (!info) return [];
      const { messages, bytes, last_seq: last, consumer_count: consumers } = info.state;
      return [{ stream, messages, bytes, last, consumers }];
    }),
  ]);
  return { streams: streams.flat(), used: account.storage, limit: Math.max(0, account.limits.max_storage) };
}
