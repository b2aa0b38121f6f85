import { headers } from '@nats-io/transport-node';
import { newTrace } from '#runtime';
import { headersOf, traceOfMessage, traceOfStranger } from './traced.js';

const trace = newTrace();
const given = (...pairs: [name: string, value: string][]) => {
  const made = headers();
  for (const [name, value] of pairs) made.append(name, value);
  return made;
};

it('a message has the trace that it was published with', () => {
  expect(traceOfMessage(headersOf(trace))).toBe(trace);
  expect([traceOfMessage(undefined), traceOfMessage(given(['traceparent', 'none']))]).toEqual([undefined, undefined]);
});

describe('the trace that a publisher names', () => {
  it.each(['traceparent', 'Traceparent', 'TRACEPARENT'])('is found as %s', (name) =>
    expect(traceOfStranger(given(['Nats-Msg-Id', 'e1'], [name, trace]))).toBe(trace),
  );

  it.each<[string, Parameters<typeof given>]>([
    ['no header', []],
    ['one that is none', [['traceparent', 'x']]],
    [
      'two values',
      [
        ['traceparent', trace],
        ['traceparent', newTrace()],
      ],
    ],
    [
      'two spellings',
      [
        ['traceparent', trace],
        ['Traceparent', trace],
      ],
    ],
  ])('is none with %s', (_, pairs) => expect(traceOfStranger(given(...pairs))).toBeUndefined());

  it('is none without headers', () => expect(traceOfStranger(undefined)).toBeUndefined());
});
