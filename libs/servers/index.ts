export { type Embedded, type EmbeddedOptions, startEmbedded } from './embedded.js';
export { endLeftovers } from './leftovers.js';
export { lockDataDir } from './lock.js';
export { type NatsOptions, type NatsServer, startNats } from './nats.js';
export { natsServerBinary } from './nats-binary.js';
export { type NatsPermissions, type NatsUser, natsAuthorization, type SyncInterval } from './nats-config.js';
export { type NatsTarget, natsTarget } from './nats-url.js';
export { freePort, portFree } from './ports.js';
export { freshDatabase, type PostgresOptions, type PostgresServer, startPostgres } from './postgres.js';
