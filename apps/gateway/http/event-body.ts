import { type Fault, fromCeHeaders, fromCloudEvent, invalid } from '#contracts';
import { type Headers, mediaType, parseJson, unsupported } from './body.js';

export const mostEvents = 1000;
const accepted = ['application/json', 'application/cloudevents+json'];

/** What was sent: events, each still unchecked. `single`: no array, so a fault refuses the request. */
export interface Given {
  bodies: unknown[];
  single: boolean;
  /** A CloudEvent: faults of the envelope lie under `data`. */
  cloud: boolean;
}

/** The events of a request's body: JSON, or a CloudEvent in structured or binary mode. */
export function eventsOf(headers: Headers, bytes: Buffer): Given {
  const type = mediaType(headers);
  const binary = type !== 'application/cloudevents+json' && Object.keys(headers).some((name) => name.startsWith('ce-'));
  if (!accepted.includes(type) && !(binary && type === '' && bytes.length === 0)) throw unsupported(type, accepted);
  const body = binary && bytes.length === 0 ? undefined : parseJson(bytes);
  if (binary) return cloud(fromCeHeaders(headers, body));
  if (type === 'application/cloudevents+json') return cloud(body);
  if (!Array.isArray(body)) return { bodies: [body], single: true, cloud: false };
  if (body.length === 0) throw invalid([{ path: '', message: `is an empty array: send 1 to ${mostEvents} events` }]);
  if (body.length > mostEvents) {
    throw invalid([{ path: '', message: `holds ${body.length} events, more than ${mostEvents}: send them in several requests` }]);
  }
  return { bodies: body, single: false, cloud: false };
}

function cloud(body: unknown): Given {
  const read = fromCloudEvent(body);
  if ('errors' in read) throw invalid(read.errors);
  return { bodies: [read.envelope], single: true, cloud: true };
}

const attributes = /^(id|type|time)$/;

/** Where a fault of the envelope lies in the CloudEvent that was sent. */
export const cloudFaults = (faults: Fault[]): Fault[] =>
  faults.map(({ path, message }) => ({ path: attributes.test(path) ? path : path ? `data.${path}` : 'data', message }));

/** An event without an id, with the one that its request's Idempotency-Key stands for. */
export const withId = (body: unknown, id: () => string): unknown =>
  body !== null && typeof body === 'object' && !Array.isArray(body) && !('id' in body) ? { ...body, id: id() } : body;
