import { v7 } from 'uuid';
import { type Bus, Snapshots } from '#bus';
import { accept, type FarmEvent, type Fault, limits, pictureType, type Snapshot, subjects } from '#contracts';
import { newTrace } from '#runtime';
import { KnownIds } from './known-ids.js';
import { Registry } from './registry.js';

/** The answer for one event: stored (perhaps before), or refused with each fault's path. */
export type Row = { id: string; duplicate: boolean } | { errors: Fault[] };

export interface Input {
  body: unknown;
  /** What the subject says, for bare NATS publishers. */
  type?: string;
  /** The id for an event that brings none; new and time-ordered when left out. */
  id?: string;
  /** The trace that it is part of; one begins here when left out. */
  trace?: string;
}

/** The one way into EVENTS: check, complete, store the picture, publish. Used by the gateway and by printer-ingest. */
export class Intake {
  private constructor(
    private readonly bus: Bus,
    private readonly registry: Registry,
    private readonly snapshots: Snapshots,
    private readonly known: KnownIds,
  ) {}

  static async open(bus: Bus): Promise<Intake> {
    const [registry, snapshots] = await Promise.all([Registry.open(bus), Snapshots.open(bus)]);
    return new Intake(bus, registry, snapshots, new KnownIds(bus));
  }

  close(): void {
    this.registry.close();
    this.known.close();
  }

  /**
   * Takes in events of one account; a row each, in order. Resolves when every accepted one is stored; throws when the
   * broker is away, and then a repeat with the same ids is safe.
   */
  async take(account: string, inputs: readonly Input[]): Promise<Row[]> {
    const store = await this.prepare(account, inputs);
    return store();
  }

  /**
   * All of take() but the last step: what takes its time, and may go on for several at once. The function that it resolves
   * with publishes at its call, so that the order of the calls is the order in EVENTS.
   */
  async prepare(account: string, inputs: readonly Input[]): Promise<() => Promise<Row[]>> {
    const now = new Date();
    const checked = inputs.map((input) => this.check(account, input, now));
    const given = checked.flatMap((one) => ('event' in one && one.idGiven ? [one.event.id] : []));
    const known = await this.known.of(account, given);
    const due = await Promise.all(
      checked.map((one) => ('errors' in one || known.has(one.event.id) ? one : this.withPicture(one))),
    );
    // published in order on one connection: events of one printer stay in order
    return () =>
      Promise.all(
        due.map((one, n) => ('errors' in one ? { errors: one.errors } : this.store(one.event, known, inputs[n]!.trace))),
      );
  }

  private check(account: string, { body, type, id }: Input, now: Date) {
    const accepted = accept(body, {
      account,
      type,
      now,
      newId: () => id ?? v7(),
      printer: (id) => this.registry.get(account, id),
    });
    if ('errors' in accepted || !accepted.snapshot || 'url' in accepted.snapshot) return accepted;
    const checked = picture(accepted.snapshot);
    return 'fault' in checked ? { errors: [checked.fault] } : { ...accepted, bytes: checked.bytes };
  }

  /** The event with its picture stored, and a reference in the picture's place. */
  private async withPicture(one: { event: FarmEvent; snapshot?: Snapshot; bytes?: Buffer }): Promise<{ event: FarmEvent }> {
    const { event, snapshot, bytes } = one;
    if (!snapshot) return { event };
    const kept = 'url' in snapshot ? { url: snapshot.url } : await this.snapshots.put(bytes!, snapshot.content_type);
    return { event: { ...event, snapshot: kept } };
  }

  private async store(event: FarmEvent, known: Set<string>, trace = newTrace()): Promise<Row> {
    if (known.has(event.id)) return { id: event.id, duplicate: true };
    const id = `${event.account}/${event.id}`;
    const ack = await this.bus.publish(subjects.event(event.account, event.type), event, { id, trace });
    return { id: event.id, duplicate: ack.duplicate };
  }
}

/** The picture's bytes, or what is wrong with them: size and content are checked, not what the publisher says. */
function picture(snapshot: { content_type: string; base64: string }): { bytes: Buffer } | { fault: Fault } {
  const bytes = Buffer.from(snapshot.base64, 'base64');
  if (bytes.length > limits.snapshotBytes) return { fault: { path: 'snapshot.base64', message: 'is larger than 2 MiB' } };
  if (pictureType(bytes) !== snapshot.content_type)
    return { fault: { path: 'snapshot.base64', message: `is not ${snapshot.content_type} by its content` } };
  return { bytes };
}
