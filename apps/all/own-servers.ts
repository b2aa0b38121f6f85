import { natsUsers } from '#contracts';
import type { Settings } from '#runtime';
import { type Embedded, startEmbedded } from '#servers';

/**
 * Starts the servers that no setting names elsewhere, NATS with a user for each service. The data dir is this process's until
 * they are stopped.
 */
export const ownServers = (config: Settings, log: (line: string) => void): Promise<Embedded> =>
  startEmbedded({
    dataDir: config.FARMBELL_DATA_DIR,
    natsHost: config.FARMBELL_NATS_HOST,
    natsPort: config.FARMBELL_NATS_PORT,
    natsPortSet: config.FARMBELL_NATS_PORT !== undefined,
    natsUsers,
    syncInterval: config.FARMBELL_NATS_SYNC,
    needNats: config.NATS_URL === undefined,
    needPostgres: config.DATABASE_URL === undefined,
    log,
  });
