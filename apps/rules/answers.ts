import { answer, type Bus } from '#bus';
import type { Database, Log } from '#runtime';
import { answerAccounts } from './accounts.js';
import { answerAppConnections } from './app-connections/answers.js';
import type { AppConnections } from './app-connections/app-connections.js';
import type { Channels } from './channels.js';
import type { Copies } from './copies.js';
import { matches } from './matches.js';
import type { On } from './on.js';
import { Organizations, organizationFault } from './organizations.js';
import type { PrinterCopies } from './printer-copies.js';
import type { Printers } from './printers.js';
import { answerQuiet } from './quiet/answers.js';
import type { QuietSettings } from './quiet/settings.js';
import { sendTest } from './test-delivery.js';

export interface AnswerParts {
  bus: Bus;
  database: Database;
  log: Log;
  channels: Channels;
  copies: Copies;
  connections: AppConnections;
  printers: Printers;
  printerCopies: PrinterCopies;
  quietSettings: QuietSettings;
}

/** All that rules answers for, on every replica. */
export function answerAll(parts: AnswerParts): void {
  const { bus, database, log, connections, printerCopies, quietSettings } = parts;
  const told = (error: unknown) => Promise.reject(organizationFault(error));
  const on: On = (name, handle) =>
    void answer(
      bus,
      name,
      (input) => handle(input).catch(told),
      (error) => log.error(error, name),
    );
  answerChannels(on, parts);
  answerOrganizations(on, new Organizations(database, (account) => quietSettings.known(account)));
  answerPrinters(on, parts.printers);
  answerQuiet(on, quietSettings);
  answerAppConnections(on, connections);
  const uncopied = (error: unknown) => log.warn(error, 'the copy of a printer is removed later');
  answerAccounts(on, { bus, database, channels: parts.channels, printers: printerCopies, uncopied });
}

function answerChannels(on: On, { bus, database, channels, copies }: AnswerParts): void {
  on('rules.channel.create', ({ account, id, channel, verify }) => channels.create(account, id, channel, verify));
  on('rules.channel.list', (asked) => channels.list(asked));
  on('rules.channel.get', ({ account, id }) => channels.get(account, id));
  on('rules.channel.patch', ({ account, id, patch }) => channels.patch(account, id, patch));
  on('rules.channel.rotate-key', ({ account, id }) => channels.rotateKey(account, id));
  on('rules.channel.enable', ({ account, id }) => channels.turn(account, id, true));
  on('rules.channel.disable', ({ account, id }) => channels.turn(account, id, false));
  on('rules.channel.delete', async ({ account, id }) => channels.delete(account, id).then(() => null));
  on('rules.channel.test', async ({ account, id, reply }) => ({
    delivery: await sendTest(bus, await channels.row(account, id), reply),
  }));
  on('rules.channel.copy', async ({ id }) => copies.put(id).then(() => null));
  on('rules.event.match', (asked) => matches(database, asked));
}

function answerOrganizations(on: On, organizations: Organizations): void {
  on('rules.organization.create', ({ account, request, organization }) => organizations.create(account, request, organization));
  on('rules.organization.list', (asked) => organizations.list(asked));
  on('rules.organization.get', ({ account, id }) => organizations.get(account, id));
  on('rules.organization.patch', ({ account, id, patch }) => organizations.patch(account, id, patch));
  on('rules.organization.delete', ({ account, id }) => organizations.delete(account, id).then(() => null));
}

function answerPrinters(on: On, printers: Printers): void {
  on('rules.printer.create', ({ account, request, printer }) => printers.create(account, request, printer));
  on('rules.printer.list', (asked) => printers.list(asked));
  on('rules.printer.get', ({ account, id }) => printers.get(account, id));
  on('rules.printer.patch', ({ account, id, patch }) => printers.patch(account, id, patch));
  on('rules.printer.delete', ({ account, id }) => printers.delete(account, id).then(() => null));
}
