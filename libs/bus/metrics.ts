import { Counter, Histogram } from 'prom-client';
import { type AskName, Problem } from '#contracts';
import { metrics } from '#runtime';

const registers = [metrics];

const rejections = new Counter({
  name: 'farmbell_rejected_total',
  help: 'Messages that a service could not work off and put on the stream REJECTED',
  labelNames: ['service'],
  registers,
});
const asks = new Counter({
  name: 'farmbell_asks_total',
  help: 'Questions that this service answered; refused: the caller is told why; failed: an error of ours, which the log tells',
  labelNames: ['ask', 'result'],
  registers,
});
const answering = new Histogram({
  name: 'farmbell_ask_duration_seconds',
  help: 'Time in which this service answered a question',
  labelNames: ['ask'],
  buckets: [0.005, 0.025, 0.1, 0.5, 1, 5],
  registers,
});

export const countRejected = (service: string, count = 1) => rejections.inc({ service }, count);

export function zeroAsk(ask: AskName): void {
  for (const result of ['ok', 'refused', 'failed']) asks.inc({ ask, result }, 0);
  answering.zero({ ask });
}

/** Counts an answer when it is known. */
export async function countAsk<T>(ask: AskName, answer: Promise<T>): Promise<T> {
  const began = performance.now();
  let result = 'ok';
  try {
    return await answer;
  } catch (error) {
    result = error instanceof Problem && error.status < 500 ? 'refused' : 'failed';
    throw error;
  } finally {
    asks.inc({ ask, result });
    answering.observe({ ask }, (performance.now() - began) / 1000);
  }
}
