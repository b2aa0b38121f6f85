/**
 * Seals the channels' settings anew with the first of FARMBELL_SECRET_KEYS; docs/security.md says when.
 *
 *   npm run reseal               where NATS_URL and DATABASE_URL are set, while services run; else on the data dir, while
 *                                Farmbell does not run
 *   npm run reseal -- --new-key  makes a new key first, in the data dir
 *
 * Ends with 1 when a channel's settings could not be opened, and names it.
 */
import { resolve } from 'node:path';
import { Bus } from '#bus';
import { ConfigError, type KeyRing, keyRing, natsTls, orExit, readConfig, type Settings } from '#runtime';
import { openDatabase, type Resealed, reseal } from '../rules/index.js';
import { ownServers } from './own-servers.js';
import { keysOf } from './secrets.js';

await orExit(async () => {
  const [option] = process.argv.slice(2);
  if (option !== undefined && option !== '--new-key')
    throw new ConfigError(`'${option}' is no option: there is --new-key, or none`);
  const config = readConfig();
  const { anew, already, unopened } =
    config.NATS_URL !== undefined && config.DATABASE_URL !== undefined
      ? await resealThere(config, config.NATS_URL, ringOf(config, option))
      : await resealHere(config, option);
  process.stdout.write(`${anew} channels were sealed anew, ${already} were sealed with the first key already.\n`);
  if (unopened.length > 0) {
    process.stderr.write(
      `No key of FARMBELL_SECRET_KEYS opens the settings of ${unopened.join(', ')}: add the key that sealed them behind the others, or enter their secrets again with PATCH /v1/channels/{id}.\n`,
    );
    process.exitCode = 1;
  }
});

/** With servers of our own, which run for as long as it takes. */
async function resealHere(config: Settings, option: string | undefined): Promise<Resealed> {
  const dir = resolve(config.FARMBELL_DATA_DIR);
  const servers = await ownServers({ ...config, FARMBELL_DATA_DIR: dir }, (line) => process.stderr.write(`${line}\n`));
  try {
    // behind the data dir's lock: nobody seals with the old key any more
    const ring = ringOf(config, option);
    const whole = { ...config, DATABASE_URL: config.DATABASE_URL ?? servers.databaseUrl };
    return await resealThere(whole, config.NATS_URL ?? servers.natsUrlOf!('rules'), ring);
  } finally {
    await servers.stop();
  }
}

async function resealThere(config: Settings, url: string, ring: KeyRing): Promise<Resealed> {
  const bus = await Bus.connect({ url, name: 'rules', tls: natsTls(config), replicas: config.FARMBELL_NATS_REPLICAS });
  try {
    const database = await openDatabase(config);
    return await reseal(bus, database, ring).finally(() => database.destroy());
  } finally {
    await bus.close();
  }
}

function ringOf(config: Settings, option: string | undefined): KeyRing {
  return keyRing(keysOf(config, option === '--new-key'));
}
