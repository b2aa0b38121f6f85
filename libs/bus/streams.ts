import { AckPolicy, type JetStreamManager, RetentionPolicy, StorageType, type StreamConfig } from '@nats-io/jetstream';

const seconds = 1e9;
const day = 86_400 * seconds;

export type StreamName = 'INGEST' | 'EVENTS' | 'ROUTED' | 'DELIVERIES' | 'ATTEMPTS' | 'COMMANDS' | 'REJECTED';

export interface StreamSettings {
  /** How long a repeated id is known, in seconds. */
  dedupS: number;
  retentionDays: number;
  replicas: number;
}

type Declared = Partial<StreamConfig> & { name: StreamName; subjects: string[] };

/** Every stream, declared once: who writes and reads each is drawn in the README. */
export function streams({ dedupS, retentionDays, replicas }: StreamSettings): Declared[] {
  const base = { storage: StorageType.File, num_replicas: replicas, allow_direct: true, duplicate_window: 120 * seconds };
  const kept = { ...base, retention: RetentionPolicy.Limits, max_age: retentionDays * day };
  const queue = { ...base, retention: RetentionPolicy.Workqueue };
  return [
    { ...queue, name: 'INGEST', subjects: ['farmbell.ingest.>'], duplicate_window: dedupS * seconds },
    { ...kept, name: 'EVENTS', subjects: ['farmbell.event.>'], duplicate_window: dedupS * seconds },
    { ...kept, name: 'ROUTED', subjects: ['farmbell.routed.*'] },
    {
      ...queue,
      name: 'DELIVERIES',
      subjects: ['farmbell.delivery.>', 'farmbell.quiet.*', 'farmbell.cursor.*'],
      // a round of rules is one atomic batch whose first message is the cursor
      allow_atomic: true,
      allow_rollup_hdrs: true,
    },
    { ...kept, name: 'ATTEMPTS', subjects: ['farmbell.attempt.>'] },
    { ...kept, name: 'COMMANDS', subjects: ['farmbell.command.>'] },
    { ...kept, name: 'REJECTED', subjects: ['farmbell.rejected.>'] },
  ];
}

/**
 * Makes every stream as declared: missing ones are added, and changed ones updated by who keeps them. May run in many processes at once:
 * the same declaration twice is no change, and a race to add is won by either.
 */
export async function applyStreams(jsm: JetStreamManager, settings: StreamSettings, keeper = true): Promise<void> {
  for (const config of streams(settings)) await applyStream(jsm, config, keeper);
}

async function applyStream(jsm: JetStreamManager, config: Declared, keeper: boolean): Promise<void> {
  const present = await jsm.streams.info(config.name).catch(() => undefined);
  if (!present) {
    try {
      await jsm.streams.add(config);
      return;
    } catch (error) {
      // another process was faster: fall through and see whether it made the same
      if (!(await jsm.streams.info(config.name).catch(() => undefined))) throw error;
    }
  }
  if (keeper) await jsm.streams.update(config.name, config);
}

export const durable = (name: string, filter?: string | string[]) => ({
  durable_name: name,
  ack_policy: AckPolicy.Explicit,
  ack_wait: 30 * seconds,
  max_ack_pending: 2000,
  ...(Array.isArray(filter) ? { filter_subjects: filter } : filter ? { filter_subject: filter } : {}),
});
