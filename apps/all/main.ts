import { v7 } from 'uuid';
import { Bus, Leases } from '#bus';
import { makeLog, onStop, orExit, publicUrl, readConfig, type Settings, start, stop, tellDisk } from '#runtime';
import { grpcServer } from '../printer-ingest/index.js';
import { modules } from './modules.js';
import { ownServers } from './own-servers.js';
import { withPorts } from './ports.js';
import { withSecrets } from './secrets.js';
import { welcome } from './welcome.js';

await orExit(async () => {
  const given = withSecrets(readConfig());
  const log = makeLog({ name: 'farmbell', level: given.FARMBELL_LOG_LEVEL, pretty: process.stdout.isTTY === true });
  const servers = await ownServers(given, (line) => log.info(line));
  try {
    const config: Settings = await withPorts({
      ...given,
      // of the embedded one the place alone: each service has its own user
      NATS_URL: given.NATS_URL ?? placeOf(servers.natsUrl),
      DATABASE_URL: given.DATABASE_URL ?? servers.databaseUrl,
    });
    if (servers.natsUrl) await freeLeases(servers.natsUrl);
    if (servers.natsUrl ?? servers.databaseUrl) tellDisk(config.FARMBELL_DATA_DIR);
    const app = await start({
      name: 'farmbell',
      modules,
      config,
      log,
      host: config.FARMBELL_HOST,
      port: config.FARMBELL_PORT!,
      natsUrlOf: servers.natsUrlOf,
      prepare: (nest) => void nest.connectMicroservice(grpcServer(config, config.FARMBELL_HOST, config.FARMBELL_GRPC_PORT!)),
    });
    const end = async () => {
      await stop(app);
      await servers.stop();
    };
    onStop(end);
    void servers.died.then(async (sentence) => {
      log.error(`${sentence}: Farmbell stops`);
      await end().catch(() => {});
      process.exit(1);
    });
    process.stdout.write(welcome(publicUrl(config), config, given.tokenFile, servers.natsUrl !== undefined));
  } catch (error) {
    await servers.stop();
    throw error;
  }
});

/** A URL without its credentials. */
function placeOf(url: string | undefined): string | undefined {
  if (url === undefined) return undefined;
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}

/** Behind the data dir's lock no other process lives: what a killed one held is free at once. */
async function freeLeases(url: string): Promise<void> {
  const bus = await Bus.connect({ url, name: 'start' });
  await (await Leases.open(bus, v7())).clear();
  await bus.close();
}
