import type { FarmEvent } from './envelope.js';
import { numbered } from './texts.js';
import { clipped, named, sentence } from './words.js';

/**
 * What to do about an event, by its type: one sentence. A type without a row asks nothing of anybody.
 * {place}: the printer and where it stands.
 */
const sentences: Record<string, string> = {
  'job.submitted': 'Approve or reject it.',
  'job.skipped': 'See why, then put it back into the queue.',
  'job.start_failed': 'Check {place}, then start the job again.',
  'job.paused': 'Check {place}, then resume or cancel the print.',
  'job.failed': 'Check {place} and clear its bed, then print it again.',
  'job.cancelled': 'Clear the bed of {place} before the next print.',
  'printer.offline': 'Check power and network of {place}.',
  'printer.error': 'Read the screen of {place} and clear the error.',
  'printer.hms_error': 'Read the screen of {place} and clear the error.',
  'printer.hms_warning': 'Check {place} before the warning becomes an error.',
  'printer.filament_change_required': 'Load filament at {place}, then resume the print.',
  'printer.user_action_required': 'Go to {place}: its screen says what to do.',
  'printer.continuous_print_disabled': 'Check {place}, then enable continuous print again.',
  'printer.autoprint_limit_reached': 'Check {place}, then reset its AutoPrint cycles.',
  'printer.out_of_order_changed': 'Check {place}: it takes no jobs while it is out of order.',
  'order.cancelled': 'Take what is left of {order} out of the queue.',
  'maintenance.due_soon': 'Plan when {place} can stand still for it.',
  'maintenance.overdue': 'Do it at {place} before the next print.',
  'maintenance.problem_reported': 'Check {place} and decide whether it may print.',
  'maintenance.low_stock': 'Order more of it.',
  'material.spool_low': 'Have a new spool{of_material} ready at {place}.',
  'detection.spaghetti': 'Look at {place} now, and cancel the print if it fails.',
  'detection.first_layer': 'Look at {place}, and cancel the print if the layer does not hold.',
  'detection.detachment': 'Look at {place} now, and cancel the print if the part is loose.',
  'detection.paused_print': 'Look at {place}, then resume or cancel the print.',
  'channel.failing': 'Check its settings and send it a test.',
  'channel.disabled': 'Fix its settings and enable it again, then replay what it missed.',
  'channel.app_connection_expiring': 'Set the notifications up again in the app to keep them.',
  'quota.request_new': 'Approve or refuse it.',
  'organization.user_pending': 'Approve or refuse the account.',
};

/** Code points of a name within a sentence: the facts have it whole. */
const most = 80;

export function adviceOf({ type, printer, order, material }: FarmEvent): string {
  const template = Object.hasOwn(sentences, type) ? sentences[type] : undefined;
  if (template === undefined) return '';
  const machine = clipped(named(printer?.name, printer?.id) ?? 'the printer', most);
  const location = clipped(named(printer?.location) ?? '', most);
  const number = numbered(order?.number, order?.id);
  const stuff = named(material?.name, material?.type);
  return sentence(template, {
    place: location && !machine.includes(location) ? `${machine} (${location})` : machine,
    order: number ? clipped(`order ${number}`, most) : 'the order',
    of_material: stuff ? ` of ${clipped(stuff, most)}` : '',
  });
}
