import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { subjects } from '#contracts';
import { natsTarget } from '#servers';
import { accountOf, type Events, eventOf, printerOf } from '../event.js';
import type { Sender, Way } from '../roles/publisher.js';

const underWay = 500;

/** Publishes with an id and waits for JetStream's answer; into INGEST, or below another subject, by printer. */
export async function natsSender({ url, subject, inFlight }: Way & { kind: 'nats' }, events: Events): Promise<Sender> {
  const nc = await connect(natsTarget(url));
  const js = jetstream(nc, { timeout: 30_000 });
  const subjectOf = (n: number) =>
    subject === undefined
      ? subjects.ingest(accountOf(n, events.accounts), events.type)
      : `${subject}.${printerOf(n, events.accounts)}`;
  return {
    lanes: 1,
    depth: inFlight ?? underWay,
    array: 1,
    send: async ([n]) => {
      const event = eventOf(n!, events);
      const { duplicate } = await js.publish(subjectOf(n!), JSON.stringify(event), { msgID: event.id! });
      if (duplicate) throw new Error(`${event.id} was a repeat`);
    },
    close: () => nc.drain(),
  };
}
