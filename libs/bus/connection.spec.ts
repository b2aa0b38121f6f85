import { connect } from '@nats-io/transport-node';
import { natsTarget } from '#servers';
import { type TestNats, testNats, until } from '#testing';
import { Bus } from './bus.js';
import { serversOf } from './connection.js';

describe('serversOf', () => {
  it.each([
    ['nats://me:s%40x@127.0.0.1:4222', { servers: ['127.0.0.1:4222'], user: 'me', pass: 's@x' }],
    ['nats://token@one:4222,two', { servers: ['one:4222', 'two:4222'], token: 'token' }],
    ['nats://[::1]:4223', { servers: ['[::1]:4223'] }],
    ['tls://me:p@one', { servers: ['one:4222'], user: 'me', pass: 'p', tls: {} }],
    ['nats://one,tls://two:4333', { servers: ['one:4222', 'two:4333'], tls: {} }],
  ])('reads %s', (url, options) => expect(serversOf(url)).toEqual(options));
});

describe('a connection', () => {
  let nats: TestNats;
  beforeAll(async () => {
    nats = await testNats();
  });
  afterAll(() => nats?.stop());

  it('of a wrong password is an error that names NATS_URL and no password', async () => {
    const { host } = new URL(nats.url);
    const refused = Bus.connect({ url: `nats://rules:not-the-password@${host}`, name: 'rules' });
    await expect(refused).rejects.toThrow(/^NATS_URL: the server knows no such user/);
    await expect(refused).rejects.not.toThrow(/not-the-password/);
  });

  it('tells what the server refuses, and lets a refused request fail at once', async () => {
    const told: string[] = [];
    const bus = await Bus.connect({ url: nats.urlOf('health'), name: 'health', onError: (error) => told.push(String(error)) });
    await expect(bus.publish('farmbell.delivery.discord.1.ch1', {})).rejects.toThrow(/permissions violation/i);
    bus.nc.subscribe('farmbell.event.>', { callback: () => {} });
    await until('both are told', 5_000, () => told.length === 2);
    expect(told).toEqual([
      expect.stringContaining('the server refuses to publish to farmbell.delivery.discord.1.ch1'),
      expect.stringContaining('the server refuses to subscribe to farmbell.event.>'),
    ]);
    await bus.close();
  });

  it('has inboxes of its own: another service cannot listen there', async () => {
    const rules = await Bus.connect({ url: nats.urlOf('rules'), name: 'rules' });
    expect(rules.inbox()).toMatch(/^_INBOX_rules\./);
    const other = await connect(natsTarget(nats.urlOf('health')));
    const heard = new Promise((done, fail) =>
      other.subscribe('_INBOX_rules.>', { callback: (error) => (error ? fail(error) : done(undefined)) }),
    );
    await expect(heard).rejects.toThrow(/permissions violation/i);
    await other.close();
    await rules.close();
  });

  it('waits for a server that is away, says so, and is there when it comes', async () => {
    const own = await testNats();
    await own.kill();
    const told: string[] = [];
    const coming = Bus.connect({ url: own.url, name: 'rules', onError: (error) => told.push(String(error)) });
    await until('it is told', 5_000, () => told.length > 1);
    expect(told[0]).toContain('no connection yet: connection refused');
    await own.start();
    const bus = await coming;
    expect(await bus.alive()).toBe(true);
    await bus.close();
    await own.stop();
  });

  it('makes what is missing, but leaves to the keeper what is there', async () => {
    const keeper = await Bus.connect({ url: nats.urlOf('rules'), name: 'rules' });
    await keeper.applyStreams({ dedupS: 60, retentionDays: 3 });
    const told: unknown[] = [];
    const other = await Bus.connect({
      url: nats.urlOf('discord'),
      name: 'discord',
      keeps: () => false,
      onError: (error) => told.push(error),
    });
    await other.applyStreams({ dedupS: 60, retentionDays: 5 });
    await other.bucket('CHANNELS');
    const days = async () => (await keeper.jsm.streams.info('EVENTS')).config.max_age / 86_400e9;
    expect(await days()).toBe(3);
    await keeper.applyStreams({ dedupS: 60, retentionDays: 4 });
    expect([await days(), told]).toEqual([4, []]);
    await Promise.all([other.close(), keeper.close()]);
  });
});
