import { headers, type MsgHdrs } from '@nats-io/transport-node';
import type { Delivery, FarmEvent, Report } from '#contracts';
import { type Attributes, beginHop, type Hop, isExporting, traceHeader, traceOf } from '#runtime';
import type { StreamName } from './streams.js';

/** The trace of a message that Farmbell wrote. */
export const traceOfMessage = (given: MsgHdrs | undefined): string | undefined => traceOf(given?.get(traceHeader));

/**
 * The trace of a message that somebody else wrote: clients spell header names as they like, and of two that differ nobody knows
 * which is meant.
 */
export function traceOfStranger(given: MsgHdrs | undefined): string | undefined {
  const found = [...(given ?? [])].flatMap(([name, values]) => (name.toLowerCase() === traceHeader ? values : []));
  return found.length === 1 ? traceOf(found[0]) : undefined;
}

export function headersOf(trace: string): MsgHdrs {
  const made = headers();
  made.set(traceHeader, trace);
  return made;
}

/** The step of working a message off, in words of https://opentelemetry.io/docs/specs/semconv/messaging/. Undefined while nothing is exported. */
export function beginWork(
  service: string,
  operation: string,
  stream: StreamName,
  trace: string | undefined,
  name = stream as string,
): Hop | undefined {
  const hop = beginHop(service, `${operation} ${name}`, 'consumer', trace);
  hop?.set({
    'messaging.system': 'nats',
    'messaging.destination.name': stream,
    'messaging.operation.name': operation,
    'messaging.operation.type': 'process',
  });
  return hop;
}

// what a span tells: ids and words of closed sets, never what people or receivers wrote; a stranger's message may lack anything

export const eventAttributes = (event: FarmEvent | null): Attributes => ({
  'farmbell.account': event?.account,
  'farmbell.event.id': event?.id,
  'farmbell.event.type': event?.type,
});

export const deliveryAttributes = ({ id, account, channel, channel_type, attempt, event }: Delivery): Attributes => ({
  ...eventAttributes({ ...event, account }),
  'farmbell.delivery.id': id,
  'farmbell.delivery.attempt': attempt,
  'farmbell.channel.id': channel,
  'farmbell.channel.type': channel_type,
});

export const reportAttributes = (report: Report | null): Attributes => ({
  'farmbell.account': report?.account,
  'farmbell.event.id': report?.event_id,
  'farmbell.event.type': report?.event_type,
  'farmbell.delivery.id': report?.delivery,
  'farmbell.channel.id': report?.channel,
  'farmbell.channel.type': report?.channel_type,
});

/** Has a batch stored, as a step in the trace of each message that has one; of a message on a stream that Farmbell writes. */
export async function recorded<T>(
  service: string,
  stream: StreamName,
  messages: readonly { body: T; headers: MsgHdrs | undefined }[],
  attributesOf: (body: T) => Attributes,
  store: () => Promise<void>,
): Promise<void> {
  if (!isExporting()) return store();
  const hops = messages.flatMap(({ body, headers: given }) => {
    const trace = traceOfMessage(given);
    const hop = trace && beginWork(service, 'record', stream, trace);
    if (!hop) return [];
    hop.set(attributesOf(body));
    return [hop];
  });
  try {
    await store();
    for (const hop of hops) hop.end();
  } catch (error) {
    for (const hop of hops) hop.end('unavailable');
    throw error;
  }
}
