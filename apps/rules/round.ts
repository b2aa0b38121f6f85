import { type Bus, type PublishOptions, publishHeaders } from '#bus';
import { subjects } from '#contracts';

/** How far the fold has come: every event up to `seq` is done; of the next one, every channel up to `channel`. */
export interface Cursor {
  seq: number;
  channel: string;
}
/** A delivery as it is written: `id` makes a repeat a duplicate. */
export interface Message {
  id: string;
  subject: string;
  body: string;
}

/**
 * The broker stages a batch in a store of its own, which costs it milliseconds whatever the size. Few messages are therefore
 * written into the cursor first, and then one by one. Not in a cluster: there each would wait for the one before.
 */
const few = 16;
const fewBytes = 256 * 1024;

/**
 * One round: the cursor and its deliveries, all or nothing. Many go with the cursor in one atomic batch. Few stand in the cursor's
 * own message: whoever goes on from there writes them first, and the broker refuses them from a process whose cursor it is not
 * any more. Written again after a crash, they have the ids that they had. Throws when another process has moved the cursor.
 * The cursor's new place in the stream.
 */
export async function writeRound(bus: Bus, position: number, cursor: Cursor, due: readonly Message[]): Promise<number> {
  const bytes = due.reduce((sum, { body }) => sum + body.length, 0);
  if (due.length > 0 && (bus.replicas > 1 || due.length > few || bytes > fewBytes)) return writeBatch(bus, position, cursor, due);
  const { seq } = await bus.publish(subjects.rulesCursor, textOf(cursor, due), movesFrom(position));
  await writeOneByOne(bus, seq, due);
  return seq;
}

/** Where the fold stands, with all that its last round meant to write written. */
export async function resume(bus: Bus): Promise<{ cursor: Cursor; position: number }> {
  const stored = await bus.jsm.streams.getMessage('DELIVERIES', { last_by_subj: subjects.rulesCursor });
  if (!stored) return { cursor: { seq: 0, channel: '' }, position: 0 };
  const { cursor, due } = read(stored.string());
  await writeOneByOne(bus, stored.seq, due);
  return { cursor, position: stored.seq };
}

async function writeBatch(bus: Bus, position: number, cursor: Cursor, due: readonly Message[]): Promise<number> {
  const batch = await bus.js.startBatch(subjects.rulesCursor, textOf(cursor, []), {
    headers: publishHeaders(movesFrom(position)),
  });
  for (const one of due.slice(0, -1)) batch.add(one.subject, one.body);
  const last = due.at(-1)!;
  const ack = await batch.commit(last.subject, last.body);
  return ack.seq - due.length;
}

/** Each is refused unless the cursor is still the one that it belongs to. */
async function writeOneByOne(bus: Bus, position: number, due: readonly Message[]): Promise<void> {
  const after = { seq: position, subject: subjects.rulesCursor };
  const write = ({ id, subject, body }: Message) => bus.publish(subject, body, { id, after });
  // of a clustered stream, only one message that expects the cursor's place may be under way
  if (bus.replicas > 1) for (const one of due) await write(one);
  else await Promise.all(due.map(write));
}

/** The cursor is moved only by who knows where it stands, and its old place is forgotten. */
const movesFrom = (position: number): PublishOptions => ({ after: { seq: position }, replaces: true });

/** `sequence:channel`, and below it what is to be written after it. */
const textOf = ({ seq, channel }: Cursor, due: readonly Message[]) =>
  `${seq}:${channel}\n${JSON.stringify(due.map(({ id, subject, body }) => ({ id, subject, body })))}`;

function read(text: string): { cursor: Cursor; due: Message[] } {
  const [place = '', due = '[]'] = text.split('\n', 2);
  const [seq, channel = ''] = place.split(':', 2);
  return { cursor: { seq: Number(seq), channel }, due: JSON.parse(due) as Message[] };
}
