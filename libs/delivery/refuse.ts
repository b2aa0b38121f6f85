import type { JsMsg } from '@nats-io/jetstream';
import type { Bus } from '#bus';

/** A message of the work queue that is no delivery: put on REJECTED, and not given out again. */
export async function refuse(bus: Bus, message: JsMsg): Promise<void> {
  const errors = [{ path: '', message: 'is not a delivery' }];
  const { seq, subject } = message;
  await bus.reject({ id: `DELIVERIES-${seq}`, subject, account: null, errors, body: message.string() });
  message.term('not a delivery');
}
