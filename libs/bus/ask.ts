import type { Subscription } from '@nats-io/transport-node';
import { type AskName, type Asks, type Fault, Problem, subjects } from '#contracts';
import type { Bus } from './bus.js';
import { countAsk, zeroAsk } from './metrics.js';
import { pause } from './pause.js';

type Answer =
  | { value: unknown }
  | { problem: { status: number; title: string; detail?: string; errors?: Fault[]; retryAfterS?: number } };

/**
 * Asks the owner and waits for its answer. A refusal is thrown as the owner's Problem; an owner that is away, or slower
 * than `timeoutMs`, as a 503 with Retry-After.
 */
export async function ask<K extends AskName>(bus: Bus, name: K, input: Asks[K][0], timeoutMs = 5000): Promise<Asks[K][1]> {
  const reply = await bus.nc.request(subjects.ask(name), JSON.stringify(input), { timeout: timeoutMs }).catch(() => {
    throw new Problem(
      503,
      'Service unavailable',
      `The ${name.split('.')[0]} service does not answer; try again in a few seconds`,
      undefined,
      2,
    );
  });
  const answer = reply.json<Answer>();
  if ('problem' in answer) {
    const { status, title, detail, errors, retryAfterS } = answer.problem;
    throw new Problem(status, title, detail, errors, retryAfterS);
  }
  return answer.value as Asks[K][1];
}

/** Subscriptions, and what is being answered. */
const none = () => ({ subscriptions: new Set<Subscription>(), underWay: new Set<Promise<unknown>>() });
/** Of each connection. */
const answering = new WeakMap<Bus, ReturnType<typeof none>>();
const unsubscribeMs = 1000;
/** Who asks waits no longer, as a rule. */
const finishMs = 5_000;

/** Takes no more questions, and finishes the answers that are under way: who asked would else wait in vain. */
export async function stopAnswering(bus: Bus): Promise<void> {
  const { subscriptions, underWay } = answering.get(bus) ?? none();
  await within(unsubscribeMs, Promise.allSettled([...subscriptions].map((one) => one.drain())));
  await within(finishMs, Promise.allSettled(underWay));
}

async function within(ms: number, done: Promise<unknown>): Promise<void> {
  const late = new AbortController();
  await Promise.race([done, pause(ms, late.signal)]);
  late.abort();
}

/** Answers questions by that name; replicas share them. What is no Problem is logged here and answered as a 500. */
export function answer<K extends AskName>(
  bus: Bus,
  name: K,
  handle: (input: Asks[K][0]) => Promise<Asks[K][1]>,
  onError: (error: unknown) => void = () => {},
): Subscription {
  zeroAsk(name);
  const { subscriptions, underWay } = answering.get(bus) ?? none();
  answering.set(bus, { subscriptions, underWay });
  const subscription = bus.nc.subscribe(subjects.ask(name), {
    queue: bus.name,
    callback: (_, message) => {
      const respond = (answer: Answer) => message.respond(JSON.stringify(answer));
      const answered: Promise<unknown> = countAsk(name, (async () => handle(message.json<Asks[K][0]>()))())
        .then((value) => respond({ value }))
        .catch((error) => {
          if (!(error instanceof Problem)) onError(error);
          respond({ problem: problemOf(error, name) });
        })
        .catch(onError)
        .finally(() => underWay.delete(answered));
      underWay.add(answered);
    },
  });
  subscriptions.add(subscription);
  void subscription.closed.then(() => subscriptions.delete(subscription));
  return subscription;
}

function problemOf(error: unknown, name: AskName) {
  if (error instanceof Problem) return { ...error.toJSON(), retryAfterS: error.retryAfterS };
  return { status: 500, title: 'Internal error', detail: `The ${name.split('.')[0]} service failed; its log says why` };
}
