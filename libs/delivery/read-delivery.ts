import type { ChannelType, Delivery, FarmEvent } from '#contracts';
import { traceOf } from '#runtime';

const id = /^[A-Za-z0-9._:-]{1,64}$/;
const inbox = /^_INBOX(_[\w-]+)?\.[^\s*>]+$/;
const most = 2 ** 31 - 1;
/** What is shorter cannot be nested so deep that it could not be written again. */
const shallowLength = 8192;

const whole = (value: unknown, least: number) =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
const isEvent = (event: Partial<FarmEvent> | null | undefined) =>
  typeof event === 'object' && event !== null && typeof event.id === 'string' && typeof event.type === 'string';

/** The delivery of a message in a lane of this type; undefined for what is none, or lies in another's place. */
export function readDelivery(text: string, subject: string, type: ChannelType): Delivery | undefined {
  const [, , , lane, channel = ''] = subject.split('.');
  try {
    const given = JSON.parse(text) as Delivery;
    const fits =
      typeof given.id === 'string' &&
      id.test(given.id) &&
      id.test(channel) &&
      given.channel === channel &&
      given.channel_type === type &&
      given.lane === Number(lane) &&
      typeof given.account === 'string' &&
      whole(given.version, 0) &&
      whole(given.epoch, 0) &&
      whole(given.attempt, 1) &&
      !Number.isNaN(Date.parse(given.created_at)) &&
      (given.clears === undefined || given.clears === true) &&
      (given.test === undefined || inbox.test(given.test.reply)) &&
      isEvent(given.event);
    if (fits && text.length > shallowLength) JSON.stringify(given);
    // it goes into headers
    if (given.trace !== undefined) given.trace = traceOf(given.trace);
    return fits ? given : undefined;
  } catch {
    return undefined;
  }
}
