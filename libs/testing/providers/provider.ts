import { type Answer, type ReceivedRequest, type Receiver, receiver } from '../receiver.js';

/** An answer in place of the provider's own, fixed or made from the request. */
export type Scripted = Answer | ((request: ReceivedRequest) => Answer);

/** A provider's server on this machine, for tests: it answers as the real one does, or as it was told. */
export interface Provider extends Receiver {
  /** The next request is recorded and answered so, in place of what the provider would say; several wait in line. */
  answerNext(...answers: Scripted[]): void;
}

/** Starts a provider that answers by `behave` whatever no scripted answer was laid down for. */
export async function provider(behave: (request: ReceivedRequest) => Answer | Promise<Answer>): Promise<Provider> {
  const scripted: Scripted[] = [];
  const server = await receiver((request) => {
    const next = scripted.shift();
    if (next === undefined) return behave(request);
    return typeof next === 'function' ? next(request) : next;
  });
  return { ...server, answerNext: (...answers) => void scripted.push(...answers) };
}
