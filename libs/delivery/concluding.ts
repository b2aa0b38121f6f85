import type { Delivery } from '#contracts';
import type { Hop } from '#runtime';
import type { Made } from './attempt.js';
import type { Ready } from './channel-cache.js';
import { countPause, observe } from './metrics.js';
import { obey } from './obeying.js';
import { attempted, tell } from './reports.js';
import { next } from './retry.js';
import type { Limit } from './scopes.js';
import { endDelivery, logReport, logTakenOver } from './telling.js';
import type { Item, Turn, WorkerParts } from './worker.js';

/** No message waits for so long in this process: its row brings it back. */
const inPlaceMs = 3600_000;

/** An attempt that was made, and what it was made with. */
export interface Concluded {
  item: Item;
  ready: Ready;
  limits: readonly Limit[];
  made: Made;
  /** It changed a message that was there. */
  edited: boolean;
  /** It waited for its provider's limit, or for its channel's turn. */
  limited: boolean;
  leave: (called: boolean) => void;
  /** This attempt in the delivery's trace. */
  hop: Hop | undefined;
  trace: string;
}

/**
 * What follows an attempt, in the order that makes a crash harmless: waiting row (if it goes on), report, settle. What is to be
 * sent again in place, with the row that stands for it; undefined when it is done, or waits, or another process has taken its
 * lane meanwhile: that one makes this attempt anew, and what became of it here is not told, unless it arrived.
 */
export async function conclude(
  parts: WorkerParts,
  { item, ready, limits, made, edited, limited, leave, hop, trace }: Concluded,
  turn: Turn,
): Promise<Item | undefined> {
  const { channel, waiting, onWait, onError, prints, receiving, scopes, surely } = parts;
  const { delivery } = item;
  const { settings, copy } = ready;
  const { verdict, reply } = made;
  const now = new Date();
  const then = next(delivery, verdict, copy, channel.retry.schedule, now);
  if (obey(scopes, { limits, verdict, hold: reply && channel.holds?.(reply, settings), then, now })) countPause(channel.type);
  leave(true);
  const body: Delivery = {
    ...delivery,
    trace: delivery.trace ?? trace,
    attempt: delivery.attempt + 1,
    first_attempt_at: delivery.first_attempt_at ?? made.attempt.at,
    ...('at' in then && then.free && { free: (delivery.free ?? 0) + 1 }),
    ...(verdict.without && { without: [...(delivery.without ?? []), verdict.without] }),
  };
  if (verdict.outcome === 'again' && verdict.moved) await prints.move(ready, verdict.moved);
  if (verdict.outcome === 'delivered' && reply) await prints.sent(delivery, ready, reply, edited).catch(onError);
  const inPlace = 'at' in then && then.free && then.at.getTime() - now.getTime() < inPlaceMs;
  const cause = 'at' in then && then.free && verdict.outcome !== 'again' ? 'limit' : 'retry';
  const goesOn = inPlace ? parts.itemOf({ seq: item.seq, cause, body }) : undefined;
  // before its row is there, which may be due at once
  if (goesOn) turn.goesOn(goesOn);
  let ours = true;
  await surely(async () => {
    if ('at' in then) ours = await waiting.put({ seq: item.seq, cause, due: then.at, body });
    else if (verdict.outcome !== 'delivered' && item.gone()) ours = await waiting.fences.holds(delivery.lane);
  });
  if (!ours) {
    logTakenOver(delivery, trace);
    hop?.end('taken_over');
    return undefined;
  }
  if ('at' in then) onWait(then.at);
  const report = attempted(delivery, made, then, { channel, organization: copy.organization });
  await tell(delivery, report, parts, trace);
  observe(delivery, report, limited);
  logReport(delivery, report, trace);
  endDelivery(hop, report);
  if (reply && report.outcome === 'delivered') await receiving.opened(delivery, reply).catch(onError);
  if (!('at' in then)) {
    await surely(async () => item.settle());
    return undefined;
  }
  await surely(async () => item.wait());
  return goesOn;
}
