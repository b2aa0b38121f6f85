import { natsTarget } from './nats-url.js';

describe('natsTarget', () => {
  it.each([
    ['nats://me:s%40x@127.0.0.1:4222', { servers: ['127.0.0.1:4222'], user: 'me', pass: 's@x' }],
    ['nats://t0ken@[::1]:4222', { servers: ['[::1]:4222'], token: 't0ken' }],
    ['one:4222, tls://me:p@two:4222', { servers: ['one:4222', 'tls://two:4222'], user: 'me', pass: 'p' }],
    ['nats://host', { servers: ['host'] }],
  ])('reads %s', (url, target) => {
    expect(natsTarget(url)).toEqual(target);
  });

  it('does not repeat what it cannot read', () => {
    expect(() => natsTarget('nats://me:secret@:99999')).toThrow(/^The NATS URL is not one/);
  });
});
