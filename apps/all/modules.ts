import { DiscordModule } from '../discord/index.js';
import { GatewayModule } from '../gateway/index.js';
import { HealthModule } from '../health/index.js';
import { JournalModule } from '../journal/index.js';
import { PrinterIngestModule } from '../printer-ingest/index.js';
import { RulesModule } from '../rules/index.js';
import { WebhookModule } from '../webhook/index.js';

/** Every service. */
export const modules = [
  RulesModule,
  DiscordModule,
  WebhookModule,
  HealthModule,
  JournalModule,
  PrinterIngestModule,
  GatewayModule,
];
