import type { DynamicModule } from '@nestjs/common';
import { Bus, connectBus } from '#bus';
import { CONFIG, Database, LOG, type Log, need, Probes, type Settings } from '#runtime';
import type { Channel } from './channel.js';
import { openWaiting } from './schema.js';
import { DeliveryService } from './service.js';

const database = {
  provide: Database,
  inject: [CONFIG],
  useFactory: (config: Settings) => openWaiting(need(config, 'DATABASE_URL')),
};

/** The delivery service of a channel type, as a Nest module. */
// biome-ignore lint/suspicious/noExplicitAny: a channel's own settings and message are its own business
export function deliveryModule(channel: Channel<any, any>): DynamicModule {
  const service = {
    provide: DeliveryService,
    inject: [Bus, Database, CONFIG, LOG, Probes],
    useFactory: (bus: Bus, db: Database, config: Settings, log: Log, probes: Probes) =>
      new DeliveryService(channel, bus, db, config, log, probes),
  };
  // a class of its own for each type: Nest tells modules apart by their class
  const module = { [`${channel.type}Module`]: class {} }[`${channel.type}Module`]!;
  return { module, providers: [connectBus(channel.type), database, service] };
}
