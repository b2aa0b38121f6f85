import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestNats, testNats } from '#testing';

/** The message broker, as services and publishers find it and as faults break it. */
export interface Broker {
  /** Of a user that may do everything, credentials included. */
  url: string;
  /** Of a service's own user. */
  urlOf(service: string): string;
  publisherUrl: string;
  replicas: 1 | 3;
  /** Ends all of it by force; start() brings it back as it was. */
  kill(): Promise<void>;
  stop(): Promise<void>;
  start(): Promise<void>;
  /** For good. */
  end(): Promise<void>;
}

/** One server; its log and store are in `folder` when it has ended. */
export async function oneServer(folder: string): Promise<Broker> {
  const nats: TestNats = await testNats();
  return {
    url: nats.url,
    urlOf: nats.urlOf,
    publisherUrl: nats.publisherUrl,
    replicas: 1,
    kill: () => nats.kill('SIGKILL'),
    stop: () => nats.kill('SIGTERM'),
    start: () => nats.start(),
    end: async () => {
      await nats.kill();
      await cp(nats.storeDir, join(folder, 'nats'), { recursive: true });
      await nats.stop();
    },
  };
}
