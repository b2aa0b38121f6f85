import { DiscordModule } from '../discord/index.js';
import { GatewayModule } from '../gateway/index.js';
import { HealthModule } from '../health/index.js';
import { JournalModule } from '../journal/index.js';
import { PrinterIngestModule } from '../printer-ingest/index.js';
import { PushoverModule } from '../pushover/index.js';
import { RulesModule } from '../rules/index.js';
import { SlackModule } from '../slack/index.js';
import { TelegramModule } from '../telegram/index.js';
import { WebhookModule } from '../webhook/index.js';

/** Every service. */
export const modules = [
  RulesModule,
  DiscordModule,
  SlackModule,
  PushoverModule,
  TelegramModule,
  WebhookModule,
  HealthModule,
  JournalModule,
  PrinterIngestModule,
  GatewayModule,
];
