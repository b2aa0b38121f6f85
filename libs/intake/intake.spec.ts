import { answer, Bus, Snapshots } from '#bus';
import type { FarmEvent } from '#contracts';
import { type TestNats, testNats, until } from '#testing';
import { Intake, printerKey, type Row } from './index.js';

const png = (bytes: number) => Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(bytes - 8)]);
const webp = Buffer.from('RIFF\x04\0\0\0WEBPVP8 ', 'latin1');
const jpeg = Buffer.from('ffd8ffe000104a464946', 'hex');
const snapshot = (content_type: string, bytes: Buffer) => ({ content_type, base64: bytes.toString('base64') });

describe('Intake', () => {
  let nats: TestNats;
  let bus: Bus;
  let intake: Intake;
  beforeAll(async () => {
    nats = await testNats();
    bus = await Bus.connect({ url: nats.url, name: 'spec' });
    await bus.applyStreams({ dedupS: 600, retentionDays: 30 });
    intake = await Intake.open(bus);
  });
  beforeEach(() => bus.jsm.streams.purge('EVENTS'));
  afterAll(async () => {
    intake.close();
    await bus.close();
    await nats.stop();
  });
  const take = (...bodies: unknown[]): Promise<Row[]> =>
    intake.take(
      'default',
      bodies.map((body) => ({ body })),
    );
  const ids = (rows: Row[]) => rows.map((row) => ('id' in row ? row.id : row.errors.map((fault) => fault.path)));
  const stored = async (): Promise<FarmEvent[]> => {
    const { messages, first_seq } = (await bus.jsm.streams.info('EVENTS')).state;
    const read = Array.from({ length: messages }, (_, i) => bus.jsm.streams.getMessage('EVENTS', { seq: first_seq + i }));
    return (await Promise.all(read)).map((message) => message!.json<FarmEvent>());
  };

  it('answers each row in its place, and stores in that order', async () => {
    const bodies = Array.from({ length: 1000 }, (_, i) => ({
      id: `o${i}`,
      type: i % 10 === 3 ? 'job.nonsense' : 'job.progress',
    }));
    const rows = await take(...bodies);
    expect(rows).toHaveLength(1000);
    for (const [i, row] of rows.entries()) {
      if (i % 10 === 3) expect(row).toMatchObject({ errors: [{ path: 'type' }] });
      else expect(row).toEqual({ id: `o${i}`, duplicate: false });
    }
    expect((await stored()).map((event) => event.id)).toEqual(
      bodies.filter(({ type }) => type === 'job.progress').map(({ id }) => id),
    );
  });

  it('stores complete events under their account and type', async () => {
    const [row] = await take({ type: 'job.failed', job: { name: 'Benchy' } });
    const [event] = await stored();
    expect(event).toMatchObject({ type: 'job.failed', severity: 'error', title: 'Print Failed: Benchy', account: 'default' });
    expect(ids([row!])).toEqual([event!.id]);
    expect(event!.id).toMatch(/^[0-9a-f-]{36}$/);
    expect(await bus.jsm.streams.getMessage('EVENTS', { last_by_subj: 'farmbell.event.default.job.failed' })).not.toBeNull();
  });

  it('gives time-ordered ids, or the one it is told', async () => {
    const [first] = ids(await take({ type: 'job.failed' }));
    const [second] = ids(await take({ type: 'job.failed' }));
    expect(String(first) < String(second)).toBe(true);
    expect(await intake.take('default', [{ body: { type: 'job.failed' }, id: 'place-7' }])).toEqual([
      { id: 'place-7', duplicate: false },
    ]);
    expect(await intake.take('default', [{ body: {}, id: 'place-7', type: 'job.failed' }])).toEqual([
      { id: 'place-7', duplicate: true },
    ]);
  });

  it('knows a repeated id: within one array, later, and apart by account', async () => {
    const body = (title: string) => ({ id: 'same', type: 'job.failed', title });
    expect(await take(body('first'), body('second'))).toEqual([
      { id: 'same', duplicate: false },
      { id: 'same', duplicate: true },
    ]);
    expect(await take(body('third'))).toEqual([{ id: 'same', duplicate: true }]);
    expect(await intake.take('other', [{ body: body('theirs') }])).toEqual([{ id: 'same', duplicate: false }]);
    expect((await stored()).map((event) => [event.account, event.title])).toEqual([
      ['default', 'first'],
      ['other', 'theirs'],
    ]);
  });

  it('knows an id of longer ago when the journal does, and asks for given ids alone', async () => {
    const asked: unknown[] = [];
    const owner = answer(bus, 'journal.event.known', async (input) => {
      asked.push(input);
      return input.ids.filter((id) => id.startsWith('old'));
    });
    await bus.nc.flush();
    const rows = await take(
      { id: 'old-1', type: 'job.failed' },
      { id: 'new-1', type: 'job.failed' },
      { type: 'job.paused' },
      { id: 'x y' },
    );
    expect(rows.map((row) => ('id' in row ? row.duplicate : 'errors'))).toEqual([true, false, false, 'errors']);
    expect(asked).toEqual([{ account: 'default', ids: ['old-1', 'new-1'] }]);
    expect((await stored()).map((event) => event.type)).toEqual(['job.failed', 'job.paused']);
    owner.unsubscribe();
    await bus.nc.flush();
    expect(await take({ id: 'old-2', type: 'job.failed' })).toEqual([{ id: 'old-2', duplicate: false }]);
  });

  it('stores a picture apart and its reference in the event', async () => {
    const bytes = png(2 * 1024 * 1024);
    await take({ type: 'job.failed', snapshot: snapshot('image/png', bytes) });
    const kept = (await stored())[0]!.snapshot as { id: string };
    expect(kept).toEqual({ id: expect.stringMatching(/^[0-9a-f]{40,}$/), content_type: 'image/png', bytes: bytes.length });
    const snapshots = await Snapshots.open(bus);
    const got = await snapshots.get(kept.id);
    expect([got?.content_type, Buffer.from(got!.bytes).equals(bytes)]).toEqual(['image/png', true]);
    expect(await snapshots.get('0'.repeat(44))).toBeUndefined();
  });

  it.each<[string, object, string | null]>([
    ['a link', { url: 'https://farm.example/a.png' }, null],
    ['JPEG', snapshot('image/jpeg', jpeg), null],
    ['WebP', snapshot('image/webp', webp), null],
    ['a PNG that says JPEG', snapshot('image/jpeg', png(20)), 'is not image/jpeg by its content'],
    ['RIFF that is no WebP', snapshot('image/webp', Buffer.from('RIFF\x04\0\0\0WAVEfmt ')), 'is not image/webp by its content'],
    ['HTML', snapshot('image/png', Buffer.from('<script>alert(1)</script>')), 'is not image/png by its content'],
    ['nothing', snapshot('image/png', Buffer.alloc(0)), 'is not image/png by its content'],
    ['one byte over 2 MiB', snapshot('image/png', png(2 * 1024 * 1024 + 1)), 'is larger than 2 MiB'],
  ])('takes or refuses a snapshot: %s', async (_, given, fault) => {
    const [row] = await take({ type: 'job.failed', snapshot: given });
    if (fault) expect(row).toEqual({ errors: [{ path: 'snapshot.base64', message: fault }] });
    else expect(row).toMatchObject({ duplicate: false });
    expect(await stored()).toHaveLength(fault ? 0 : 1);
  });

  it('fills printers from the registrations that it finds at its start, and follows them', async () => {
    const printers = await bus.bucket('PRINTERS');
    const key = printerKey('default', 'p.1 ä');
    await printers.put(key, JSON.stringify({ id: 'p.1 ä', name: 'Left', tags: ['pla'], organization: 'school' }));
    await printers.put('default.broken', 'not json');
    const another = await Intake.open(bus);
    const body = { type: 'printer.online', printer: { id: 'p.1 ä' } };
    const told = async () => {
      const [row] = await another.take('default', [{ body }]);
      return (await stored()).find((event) => 'id' in row! && event.id === row.id)!;
    };
    expect(await told()).toMatchObject({
      organization: 'school',
      printer: { name: 'Left', tags: ['pla'] },
      title: 'Printer Online: Left',
    });
    await printers.put(key, JSON.stringify({ id: 'p.1 ä', name: 'Right' }));
    await until('the new name is used', 5000, async () => (await told()).printer?.name === 'Right');
    await printers.delete(key);
    await until('the printer is forgotten', 5000, async () => (await told()).printer?.name === undefined);
    const [row] = await another.take('other', [{ body }]);
    expect((await stored()).find((event) => 'id' in row! && event.id === row.id)?.printer).toEqual({ id: 'p.1 ä' });
    another.close();
  });

  it('publishes in the order in which prepared ones are stored, whichever was prepared first', async () => {
    const slow = intake.prepare('default', [
      { body: { id: 'with', type: 'job.started', snapshot: snapshot('image/png', png(500_000)) } },
    ]);
    const quick = intake.prepare('default', [{ body: { id: 'without', type: 'job.succeeded' } }]);
    await quick;
    const stores = [(await slow)(), (await quick)()];
    await Promise.all(stores);
    expect((await stored()).map((event) => event.id)).toEqual(['with', 'without']);
  });
});

it('throws while the broker is away, and a repeat with the same id is stored once', async () => {
  const nats = await testNats();
  const bus = await Bus.connect({ url: nats.url, name: 'spec' });
  await bus.applyStreams({ dedupS: 600, retentionDays: 30 });
  const intake = await Intake.open(bus);
  const inputs = [{ body: { id: 'e1', type: 'job.failed' } }];
  await nats.kill();
  await expect(intake.take('default', inputs)).rejects.toThrow();
  await nats.start();
  const [row] = await until('it is taken', 20_000, () => intake.take('default', inputs));
  expect(row).toMatchObject({ id: 'e1' });
  expect((await bus.jsm.streams.info('EVENTS')).state.messages).toBe(1);
  intake.close();
  await bus.close();
  await nats.stop();
}, 60_000);
