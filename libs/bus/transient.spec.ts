import { errors } from '@nats-io/transport-node';
import { Problem } from '#contracts';
import { Poison, transient } from './index.js';

const coded = (code: string, message = 'failed') => Object.assign(new Error(message), { code });
const caused = (cause: unknown) => new Error('query failed', { cause });

describe('transient()', () => {
  it.each<[string, unknown]>([
    ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN'].map((code): [string, unknown] => [
      code,
      coded(code),
    ]),
    ['connection exception', coded('08006')],
    ['serialization failure', coded('40001')],
    ['deadlock', coded('40P01')],
    ['too many connections', coded('53300')],
    ['lock not available', coded('55P03')],
    ['the database shuts down', coded('57P01')],
    ['the database starts', coded('57P03')],
    ['the disk fails', coded('58030')],
    ['a cut database connection', new Error('Connection terminated unexpectedly')],
    ['a cause', caused(coded('ECONNREFUSED'))],
    ['a cause of a cause', caused(caused(coded('57P01')))],
    ["a driver's error", Object.assign(new Error('query failed'), { driverError: coded('08006') })],
    ['a closed broker connection', new errors.ClosedConnectionError()],
    ['a draining one', new errors.DrainingConnectionError()],
    ['no answer in time', new errors.TimeoutError()],
    ['nobody there', new errors.NoRespondersError('farmbell.event.a.b')],
    ['a failed request', new errors.RequestError('failed', { cause: new errors.NoRespondersError('farmbell.event.a.b') })],
    ['a broker that reads its streams', new Error('jetstream is not enabled')],
  ])('%s', (_, error) => expect(transient(error)).toBe(true));

  it.each<[string, unknown]>([
    ['a unique violation', coded('23505')],
    ['a value out of range', coded('22008')],
    ['a missing table', coded('42P01')],
    ['a bug', new TypeError('cannot read properties of undefined')],
    ['a bug behind a cause', caused(new RangeError('bad'))],
    ['a refusal', new Problem(422, 'Unprocessable content')],
    ['a poisoned message', new Poison([{ path: 'a', message: 'is wrong' }])],
    ['a broker that refuses the payload', errors.InvalidArgumentError.format('payload', 'max_payload size exceeded')],
    ['a number for a code', Object.assign(new Error('x'), { code: 8 })],
    ['no error', 'ECONNREFUSED'],
    ['nothing', undefined],
  ])('not %s', (_, error) => expect(transient(error)).toBe(false));

  it('ends with a driver error that names itself', () => {
    const own: Error & { driverError?: unknown } = new Error('x');
    own.driverError = own;
    expect(transient(own)).toBe(false);
  });
});
