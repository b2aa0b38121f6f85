import type { Subscription } from '@nats-io/transport-node';
import { type AskName, type Asks, type Fault, Problem, subjects } from '#contracts';
import type { Bus } from './bus.js';

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

/** Answers questions by that name; replicas share them. What is no Problem is logged here and answered as a 500. */
export function answer<K extends AskName>(
  bus: Bus,
  name: K,
  handle: (input: Asks[K][0]) => Promise<Asks[K][1]>,
  onError: (error: unknown) => void = () => {},
): Subscription {
  return bus.nc.subscribe(subjects.ask(name), {
    queue: bus.name,
    callback: (_, message) => {
      const respond = (answer: Answer) => message.respond(JSON.stringify(answer));
      void (async () => handle(message.json<Asks[K][0]>()))()
        .then((value) => respond({ value }))
        .catch((error) => {
          if (!(error instanceof Problem)) onError(error);
          respond({ problem: problemOf(error, name) });
        })
        .catch(onError);
    },
  });
}

function problemOf(error: unknown, name: AskName) {
  if (error instanceof Problem) return { ...error.toJSON(), retryAfterS: error.retryAfterS };
  return { status: 500, title: 'Internal error', detail: `The ${name.split('.')[0]} service failed; its log says why` };
}
