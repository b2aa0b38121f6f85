import { type Answer, type ReceivedRequest, type Receiver, receiver } from '../receiver.js';

/** An answer in place of the provider's own, fixed or made from the request. */
export type Scripted = Answer | ((request: ReceivedRequest) => Answer);

/** What is told of each request that the provider itself has answered. */
export type AnswerListener = (request: ReceivedRequest, answer: Answer) => void;

/** A provider's server on this machine, for tests: it answers as the real one does, or as it was told. */
export interface Provider extends Receiver {
  /** The next request is recorded and answered so, in place of what the provider would say; several wait in line. */
  answerNext(...answers: Scripted[]): void;
  /** From now on every request is answered so, as in an outage; null: as usual. */
  answerAll(answer: Scripted | null): void;
  /** Told of each request and the provider's own answer to it, from now on. */
  onAnswer(listener: AnswerListener): void;
}

/** Starts a provider that answers by `behave` whatever no scripted answer was laid down for. */
export async function provider(behave: (request: ReceivedRequest) => Answer | Promise<Answer>): Promise<Provider> {
  const scripted: Scripted[] = [];
  let always: Scripted | null = null;
  const listeners: AnswerListener[] = [];
  const server = await receiver(async (request) => {
    const next = scripted.shift() ?? always;
    if (next !== null) return typeof next === 'function' ? next(request) : next;
    const answer = await behave(request);
    for (const listener of listeners) listener(request, answer);
    return answer;
  });
  return {
    ...server,
    answerNext: (...answers) => void scripted.push(...answers),
    answerAll: (answer) => {
      always = answer;
    },
    onAnswer: (listener) => void listeners.push(listener),
  };
}
