import { type Caller, caller, eventOf, picture, type SendOptions } from './harness.js';
import { discord } from './index.js';

const [one, other] = ['1111111111111111', '2222222222222222'];
const progress = (percent: number) =>
  eventOf({ type: 'job.progress', printer: { name: 'X1C' }, job: { id: '142', name: 'Benchy', progress: percent } });

let now = Date.parse('2026-03-01T12:00:00Z');
let open: Caller | undefined;
const start = async (...args: Parameters<typeof caller>): Promise<Caller> => {
  open = await caller(...args);
  return open;
};
afterEach(() => open?.close());
const pictures = ({ provider }: Caller) => provider.messages.map((message) => message.pictures);

describe('a Discord message that is changed', () => {
  it('stays one message, under the name that it has', async () => {
    const { send, provider } = await start({ limits: null }, {}, { username: 'Farm' });
    let { ref } = await send({ event: progress(10) });
    for (const percent of [20, 30]) {
      const changed = await send({ event: progress(percent), edits: ref });
      expect([changed.reply.status, changed.ref]).toEqual([200, ref]);
      ref = changed.ref;
    }
    expect(provider.messages).toMatchObject([{ id: ref?.message_id, username: 'Farm', edits: 2 }]);
    expect(JSON.stringify(provider.messages[0]?.embeds)).toMatch(/30/);
    expect(provider.requests.map(({ method }) => method)).toEqual(['POST', 'PATCH', 'PATCH']);
  });

  it('is found in its thread', async () => {
    const { send, provider } = await start({ limits: null }, { threads: [one] }, { thread_id: one });
    const { ref } = await send({ event: progress(10) });
    expect(ref).toEqual({ message_id: provider.messages[0]?.id, thread_id: one });
    expect((await send({ event: progress(20), edits: ref })).ref).toEqual(ref);
    expect(provider.messages).toMatchObject([{ thread_id: one, edits: 1 }]);
  });

  it('is left where it is when the channel has moved to another thread', async () => {
    const discordCaller = await start({ limits: null }, { threads: [one, other] }, { thread_id: one });
    const { ref } = await discordCaller.send();
    discordCaller.settings.thread_id = other;
    const moved = await discordCaller.send({ edits: ref });
    expect(moved.ref).toMatchObject({ thread_id: other });
    expect(discordCaller.provider.messages.map(({ thread_id, edits }) => [thread_id, edits])).toEqual([
      [one, 0],
      [other, 0],
    ]);
  });

  it('that somebody deleted is posted anew', async () => {
    const { send, provider } = await start();
    const { ref } = await send({ event: progress(10) });
    provider.messages.length = 0;
    const { verdict } = await send({ event: progress(20), edits: ref });
    expect(verdict).toMatchObject({ outcome: 'again', without: 'edit', meaning: expect.stringMatching(/posted anew/) });
    const again = await send({ event: progress(20), without: ['edit'] });
    expect(again.verdict).toMatchObject({ outcome: 'delivered', meaning: expect.stringMatching(/as a new message/) });
    expect(again.ref?.message_id).toBe(provider.messages[0]?.id);
  });

  it('in an archived thread is posted anew, which opens the thread; a locked one is for its owner', async () => {
    const { send, provider } = await start({ limits: null }, { threads: [one] }, { thread_id: one });
    const { ref } = await send();
    provider.setThread(one, 'archived');
    expect((await send({ edits: ref })).verdict).toMatchObject({ outcome: 'again', without: 'edit' });
    expect((await send({ without: ['edit'] })).reply.status).toBe(200);
    expect((await send({ edits: ref })).reply.status).toBe(200);
    provider.setThread(one, 'locked');
    for (const edits of [ref, undefined])
      expect((await send({ edits })).verdict).toMatchObject({ outcome: 'drop', meaning: expect.stringMatching(/Unlock it/) });
  });

  it('is posted anew when an hour has passed and Discord has enough of it; nothing else waits for that', async () => {
    const { send, settings, provider } = await start({
      limits: { oldEdits: { requests: 1, perMs: 60_000 }, webhook: { requests: 100, perMs: 1 } },
      now: () => now,
    });
    const { ref } = await send();
    now += 3_600_001;
    expect((await send({ edits: ref })).reply.status).toBe(200);
    const { reply, verdict } = await send({ edits: ref });
    expect([reply.status, JSON.parse(reply.body).code]).toEqual([429, 30046]);
    expect(verdict).toMatchObject({ outcome: 'again', without: 'edit' });
    expect(discord.holds?.(reply, settings)).toBeUndefined();
    expect((await send({ without: ['edit'] })).reply.status).toBe(200);
    expect(provider.messages.map(({ edits }) => edits)).toEqual([1, 0]);
  });

  it('is changed sparingly, and still less when it is older than an hour', () => {
    const everyMs = (ageMs: number) => discord.edits!.everyMs(ageMs, { url: '' });
    expect(everyMs(0)).toBeGreaterThanOrEqual(10_000);
    expect(everyMs(3_599_999)).toBe(everyMs(0));
    expect(everyMs(3_600_000)).toBeGreaterThanOrEqual(10 * everyMs(0));
  });

  it.each(['', '{}', '[]', 'null', '{"id":7}', '{"id":"../../x"}'])('is not known from %j', (body) => {
    expect(discord.edits?.refOf({ status: 200, headers: {}, body, latencyMs: 1 }, { url: '' })).toBeUndefined();
  });
});

describe('a Discord picture', () => {
  it('is attached and shown in the embed, described for those who do not see it', async () => {
    const discordCaller = await start();
    const { verdict, reply } = await discordCaller.send({ picture: picture() });
    expect([reply.status, verdict]).toEqual([200, undefined]);
    expect(pictures(discordCaller)).toEqual([[{ name: 'snapshot.jpg', at: 'embed' }]]);
    expect(discordCaller.provider.messages[0]?.attachments).toMatchObject([
      { filename: 'snapshot.jpg', size: 4, description: 'Print Complete: Benchy (X1C)' },
    ]);
  });

  it.each<[string, SendOptions, object[]]>([
    ['gives way to a new one of the same name', { picture: picture() }, [{ name: 'snapshot.jpg', at: 'embed' }]],
    ['gives way to a new one of another name', { picture: picture('snapshot.png') }, [{ name: 'snapshot.png', at: 'embed' }]],
    ['goes when there is no new one, and leaves nothing beside the embed and no dead link', {}, []],
    ['goes when the new one was refused', { picture: picture(), without: ['picture'] }, []],
  ])('%s', async (_, options, seen) => {
    const discordCaller = await start();
    const { ref } = await discordCaller.send({ picture: picture() });
    expect((await discordCaller.send({ ...options, edits: ref })).reply.status).toBe(200);
    expect(pictures(discordCaller)).toEqual([seen]);
    expect(discordCaller.provider.messages[0]?.attachments).toHaveLength(seen.length);
  });

  it('comes to a message that had none', async () => {
    const discordCaller = await start();
    const { ref } = await discordCaller.send();
    await discordCaller.send({ edits: ref, picture: picture() });
    expect(pictures(discordCaller)).toEqual([[{ name: 'snapshot.jpg', at: 'embed' }]]);
  });

  it('that Discord finds too large is left out, and the message says so', async () => {
    const { send, provider } = await start();
    const large = { ...picture(), bytes: new Uint8Array(10 * 1024 * 1024 + 1) };
    expect((await send({ picture: large })).verdict).toMatchObject({ outcome: 'again', without: 'picture' });
    expect((await send({ picture: large, without: ['picture'] })).verdict).toMatchObject({
      outcome: 'delivered',
      meaning: expect.stringMatching(/without its picture/),
    });
    expect(provider.messages).toMatchObject([{ attachments: [], pictures: [] }]);
  });
});

describe('a Discord thread that was deleted', () => {
  it('is told to its owner, while the messages go to the channel itself and stay one there', async () => {
    const { send, provider } = await start({ limits: null }, { threads: [one] }, { thread_id: one });
    const { ref } = await send();
    provider.setThread(one, 'deleted');
    for (const edits of [undefined, ref])
      expect((await send({ edits })).verdict).toMatchObject({
        outcome: 'again',
        without: 'thread',
        meaning: expect.stringMatching(/Set another thread_id/),
      });
    const fallen = await send({ edits: ref, without: ['thread'] });
    expect(fallen.verdict).toMatchObject({
      outcome: 'delivered',
      meaning: expect.stringMatching(/in the channel itself.*set another thread_id/),
    });
    expect(fallen.ref).toEqual({ message_id: provider.messages.at(-1)?.id });
    expect((await send({ edits: fallen.ref, without: ['thread'] })).ref).toEqual(fallen.ref);
    expect(provider.messages.at(-1)).toMatchObject({ thread_id: null, edits: 1 });
  });

  it('in a forum leaves nowhere to post to', async () => {
    const { send, provider } = await start({ limits: null }, { forum: true, threads: [one] }, { thread_id: one });
    provider.setThread(one, 'deleted');
    expect((await send()).verdict).toMatchObject({ outcome: 'again', without: 'thread' });
    expect((await send({ without: ['thread'] })).verdict).toMatchObject({
      outcome: 'drop',
      meaning: expect.stringMatching(/forum.*Set another thread_id/),
    });
  });
});
