import { Bus, Snapshots } from '#bus';
import type { FarmEvent } from '#contracts';
import { type Answer, type Receiver, receiver, type TestNats, testNats } from '#testing';
import { createHttp, egressPolicy, HttpFailure } from './http/index.js';
import { Pictures } from './pictures.js';
import { eventOf } from './samples.js';

const png = Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), Buffer.alloc(100, 7)]);
const jpeg = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(100, 7)]);
const webp = Buffer.concat([Buffer.from('RIFF0000WEBP'), Buffer.alloc(100, 7)]);
const limit = 2 * 1024 * 1024;

describe('the picture of an event', () => {
  let nats: TestNats;
  let bus: Bus;
  let snapshots: Snapshots;
  let camera: Receiver;
  let answer: Answer;
  let faults: unknown[];
  let pictures: Pictures;
  const http = createHttp({ policy: egressPolicy({ allow: ['127.0.0.0/8'], forbidden: [], trusted: [] }), userAgent: 'x' });
  beforeAll(async () => {
    nats = await testNats();
    bus = await Bus.connect({ url: nats.url, name: 'spec' });
    snapshots = await Snapshots.open(bus);
    camera = await receiver(() => answer);
  });
  afterAll(async () => {
    await http.close();
    await camera?.close();
    await bus?.close();
    await nats?.stop();
  });
  beforeEach(() => {
    faults = [];
    pictures = new Pictures(snapshots, http, (error) => faults.push(error));
  });

  let events = 0;
  const of = (snapshot: FarmEvent['snapshot'], more: Partial<FarmEvent> = {}) =>
    pictures.of(eventOf('job.failed', { id: `e${++events}`, ...(snapshot && { snapshot }), ...more }));
  const at = (given: Answer, path = '/now') => {
    answer = given;
    return of({ url: `${camera.origin}${path}` });
  };

  it('that is stored is read from the object store, and named by what it is', async () => {
    for (const [bytes, content_type, name] of [
      [png, 'image/png', 'snapshot.png'],
      [jpeg, 'image/jpeg', 'snapshot.jpg'],
      [webp, 'image/webp', 'snapshot.webp'],
    ] as const) {
      const picture = await of(await snapshots.put(bytes, content_type));
      expect(picture).toMatchObject({ content_type, name });
      expect(Buffer.from(picture!.bytes).equals(bytes)).toBe(true);
    }
    expect(await of(undefined)).toBeUndefined();
  });

  it('is none when it is not (any more) in the store, or no picture by its content', async () => {
    expect(await of({ id: 'unknown', content_type: 'image/png', bytes: 1 })).toBeUndefined();
    expect(await of(await snapshots.put(Buffer.from('<svg/>'), 'image/png'))).toBeUndefined();
    expect(faults).toEqual([]);
  });

  it('is fetched from where the publisher says, and is what its bytes are, whatever they are said to be', async () => {
    expect(await at({ status: 200, body: jpeg, headers: { 'content-type': 'text/plain' } })).toMatchObject({
      content_type: 'image/jpeg',
      name: 'snapshot.jpg',
    });
    const whole = Buffer.concat([png, Buffer.alloc(limit - png.length)]);
    const picture = await at({ status: 200, body: whole });
    expect(Buffer.from(picture!.bytes).equals(whole)).toBe(true);
    expect(camera.requests.at(-1)?.method).toBe('GET');
  });

  it('is left out when it is another thing, too large, or not there', async () => {
    expect(await at({ status: 200, body: '<html>login</html>' })).toBeUndefined();
    expect(await at({ status: 200, body: Buffer.concat([png, Buffer.alloc(limit)]) })).toBeUndefined();
    expect(await at({ status: 200, body: '' })).toBeUndefined();
    expect(await at({ status: 404, body: png })).toBeUndefined();
    expect(await at({ status: 302, headers: { location: '/other' } })).toBeUndefined();
  });

  it('is left out, and said to be, when nobody answers in time or may be asked', async () => {
    expect(await at({ delayMs: 600_000, body: png })).toBeUndefined();
    expect(await of({ url: 'http://10.0.0.5/secret-path' })).toBeUndefined();
    expect(await of({ url: 'http://127.0.0.1:1/' })).toBeUndefined();
    expect(faults.map((error) => (error as HttpFailure).reason)).toEqual(['timeout', 'blocked', 'network']);
    expect(faults.join()).not.toContain('secret-path');
  });

  it('is read once for all channels of an event, also when it is none', async () => {
    answer = { status: 200, body: png };
    const event = { id: 'shared' };
    const before = camera.requests.length;
    const url = `${camera.origin}/shared`;
    const both = await Promise.all([of({ url }, event), of({ url }, event)]);
    expect([both[0] === both[1], await of({ url }, event)]).toEqual([true, both[0]]);
    expect(camera.requests.length - before).toBe(1);
    answer = { status: 500 };
    for (let n = 0; n < 3; n++) expect(await of({ url }, { id: 'broken' })).toBeUndefined();
    expect(camera.requests.length - before).toBe(2);
    // the same address shows another picture at another event
    answer = { status: 200, body: jpeg };
    expect(await of({ url })).toMatchObject({ content_type: 'image/jpeg' });
  });

  it('is not kept for ever: a few are', async () => {
    answer = { status: 200, body: png };
    const before = camera.requests.length;
    const url = `${camera.origin}/many`;
    for (let n = 0; n < 60; n++) await of({ url }, { id: `many${n}` });
    await of({ url }, { id: 'many59' });
    expect(camera.requests.length - before).toBe(60);
    await of({ url }, { id: 'many0' });
    expect(camera.requests.length - before).toBe(61);
  });
});
