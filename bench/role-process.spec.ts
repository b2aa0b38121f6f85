import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { natsTarget } from '#servers';
import { testNats, until } from '#testing';
import { faultsOf } from './arrivals.js';
import { eventOf, printerOf } from './event.js';
import { withFloorStreams } from './floor-streams.js';
import { endRoles, RoleProcess } from './role-process.js';
import type { FloorMethods } from './roles/floor.js';
import type { PublisherMethods } from './roles/publisher.js';
import type { ReceiverMethods } from './roles/receiver.js';

afterEach(endRoles);

const body = (run: number, n: number) => JSON.stringify(eventOf(n, { run, accounts: 1, type: 'job.started' }));

it('has a receiver that tells what came of a run, and lets some wait', async () => {
  const receiver = RoleProcess.start<ReceiverMethods>('receiver');
  const origin = await receiver.call('listen', undefined);
  const post = async (path: string, text: string) => (await fetch(origin + path, { method: 'POST', body: text })).status;
  await receiver.call('expect', 7);
  const arrived = receiver.call('arrived', { total: 2, stallMs: 20_000 });
  expect(await post('/answers/4', body(7, 1))).toBe(204);
  const hanging = post('/hangs/5', body(7, 2));
  await arrived;
  await receiver.call('behave', { behaviour: 'hangs', way: 'answers' });
  expect(await hanging).toBe(204);
  expect(await post('/answers/4', body(6, 1))).toBe(204);
  const { n, channel, strange } = await receiver.call('arrivals', undefined);
  expect([[...n], [...channel], strange]).toEqual([[1, 2], [4, 5], 1]);
  await expect(receiver.call('arrived', { total: 3, stallMs: 1 })).rejects.toThrow(/2 of 3 arrived, and none for/);
  await receiver.end();
}, 120_000);

it('has a publisher and a floor: what the one puts into the queue, the other delivers once and in order', async () => {
  const nats = await testNats();
  const nc = await connect(natsTarget(nats.url));
  const jsm = await jetstreamManager(nc);
  const receiver = RoleProcess.start<ReceiverMethods>('receiver');
  const publisher = RoleProcess.start<PublisherMethods>('publisher');
  const floor = RoleProcess.start<FloorMethods>('floor');
  const origin = await receiver.call('listen', undefined);
  await receiver.call('expect', 3);
  await withFloorStreams(jsm, async () => {
    const load = { run: 3, accounts: 1, type: 'job.started', first: 0, events: 300 };
    const way = { kind: 'nats', url: nats.url, subject: 'floor.queue' } as const;
    const { sentAt } = await publisher.call('publish', { way, load });
    expect(sentAt.every((at) => at > 0)).toBe(true);
    // the same again is a repeat, which a publisher must not count as accepted
    await expect(publisher.call('publish', { way, load })).rejects.toThrow(/was a repeat/);
    await floor.call('start', { natsUrl: nats.url, origin });
    await receiver.call('arrived', { total: 300, stallMs: 20_000 });
    await until('all are acked', 10_000, async () => (await jsm.streams.info('FLOOR_QUEUE')).state.messages === 0);
    await floor.call('stop', null);
    expect((await jsm.streams.info('FLOOR_ATTEMPTS')).state.messages).toBe(300);
  });
  const arrivals = await receiver.call('arrivals', undefined);
  expect(faultsOf(arrivals, { first: 0, events: 300, channelsOf: () => [0], printerOf: (n) => printerOf(n, 1) })).toEqual([]);
  await nc.close();
  await nats.stop();
}, 120_000);

it('tells what a role failed at, and when it is gone', async () => {
  const publisher = RoleProcess.start<PublisherMethods>('publisher');
  const load = { run: 1, accounts: 2, type: 'job.started', first: 0, events: 10 };
  const way = { kind: 'rest', origin: 'http://127.0.0.1:9', token: '', array: 10, lanes: 1 } as const;
  await expect(publisher.call('publish', { way, load })).rejects.toThrow(/publisher: Error: An array belongs to one account/);
  const receiver = RoleProcess.start<ReceiverMethods>('receiver');
  await receiver.call('expect', 1);
  const waiting = receiver.call('arrived', { total: 1, stallMs: 60_000 });
  process.kill(receiver.pid, 'SIGKILL');
  await expect(waiting).rejects.toThrow(/receiver process ended \(SIGKILL\)/);
  await publisher.end();
}, 120_000);
