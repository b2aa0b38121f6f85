import { envelope } from './farmbell.js';
import type { Format } from './format.js';
import { isoTime } from './times.js';

/**
 * What the specification forbids in an attribute: control characters and noncharacters.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#type-system
 */
const forbidden = /[\p{Cc}\p{Noncharacter_Code_Point}]/gu;

/**
 * CloudEvents 1.0 in structured JSON, which POST /v1/events takes as well: `data` is the rest of the envelope.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 */
export const cloudevents: Format = (event, { publicUrl }) => {
  const { id, type, time, ...data } = envelope(event, publicUrl);
  return {
    contentType: 'application/cloudevents+json',
    body: {
      specversion: '1.0',
      id,
      source: `/farmbell/accounts/${encodeURIComponent(event.account)}`,
      type,
      // an empty one is not allowed
      subject: event.printer?.id?.replace(forbidden, '') || undefined,
      time: isoTime(event.time),
      datacontenttype: 'application/json',
      data,
    },
  };
};
