/**
 * The catalogue: every event type that Farmbell knows, once. Validation, the list that users pick from, default texts,
 * OpenAPI, the README's table and the vendor formats are all derived from these rows.
 *
 * A row: type, severity, label (the title's first words), message, and the vendors' names for it, where a vendor has one:
 * Printago, SimplyPrint, O.D.I.N., OctoEverywhere. Words in braces are the phrases of texts.ts; what to do about an event stands in advice.ts.
 */
export const severities = ['info', 'success', 'warning', 'error', 'critical'] as const;
export type Severity = (typeof severities)[number];

export interface Vendors {
  printago?: string;
  simplyprint?: string;
  odin?: string;
  octoeverywhere?: number;
}
export interface CatalogueRow {
  type: string;
  severity: Severity;
  label: string;
  message: string;
  vendors: Vendors;
}

type Row = [
  type: string,
  severity: Severity,
  label: string,
  message: string,
  printago?: string | 0,
  simplyprint?: string | 0,
  odin?: string | 0,
  octoeverywhere?: number,
];

const AI = 'printer.ai_failure_detected';

// biome-ignore format: one row a line reads as the table it is
const rows: Row[] = [
  ['job.queued', 'info', 'Job Queued', '{job} was added to the queue{for}{by}.', 0, 'queue.add_item', 'queue_added'],
  ['job.submitted', 'info', 'Job Waits for Approval', '{job} was submitted{by} and waits for approval.', 0, 'queue.item_pending_approval', 'job_submitted'],
  ['job.approved', 'info', 'Job Approved', '{job} was approved{by}.', 0, 'queue.item_approved', 'job_approved'],
  ['job.rejected', 'warning', 'Job Rejected', '{job} was rejected{by}{why}.', 0, 'queue.item_denied', 'job_rejected'],
  ['job.skipped', 'warning', 'Job Skipped', '{job} was skipped{for}{why}.', 0, 0, 'queue_skipped'],
  ['job.start_failed', 'error', 'Job Failed to Start', '{job} could not start{on}{why}.', 0, 0, 'queue_failed_start'],
  ['job.started', 'info', 'Print Started', '{job} started{on}{left}.', 'onJobStarted', 'job.started', 0, 1],
  ['job.progress', 'info', 'Print Progress', '{job} is under way{on}{at}{left}.', 0, 0, 0, 6],
  ['job.first_layer_completed', 'info', 'First Layer Complete', '{job} finished its first layer{on}.', 0, 0, 0, 10],
  ['job.third_layer_completed', 'info', 'Third Layer Complete', '{job} finished its third layer{on}.', 0, 0, 0, 14],
  ['job.paused', 'warning', 'Print Paused', '{job} paused{on}{at}{why}.', 0, 'job.paused', 0, 4],
  ['job.resumed', 'info', 'Print Resumed', '{job} resumed{on}{at}{left}.', 0, 'job.resumed', 0, 5],
  ['job.succeeded', 'success', 'Print Complete', '{job} completed{on}{after}.', 'onJobSucceeded', 'job.done', 'print_complete', 2],
  ['job.failed', 'error', 'Print Failed', '{job} failed{on}{at}{after}{why}.', 'onJobFailed', 'job.failed', 'print_failed', 3],
  ['job.cancelled', 'warning', 'Print Cancelled', '{job} was cancelled{on}{by}{at}{after}{why}.', 'onJobCancelled', 'job.cancelled', 'print_cancelled', 3],
  ['job.bed_cleared', 'info', 'Bed Cleared', 'The bed of {printer} was cleared{after_job}{by}.', 0, 'job.bed_cleared'],
  ['job.objects_skipped', 'info', 'Objects Skipped', 'Objects of {job} were skipped{on}{by}.', 0, 'job.objects_skipped'],
  ['printer.online', 'info', 'Printer Online', '{printer} is online.', 'onPrinterOnline'],
  ['printer.offline', 'warning', 'Printer Offline', '{printer} went offline{during}.', 'onPrinterOffline'],
  ['printer.error', 'error', 'Printer Error', '{printer} reports an error{during}{why}.', 0, 0, 'printer_error', 9],
  ['printer.hms_error', 'error', 'Printer HMS Error', '{printer} reports an HMS error{during}{why}.', 'onPrinterHmsError', 0, 'printer_error', 9],
  ['printer.hms_warning', 'warning', 'Printer HMS Warning', '{printer} reports an HMS warning{during}{why}.', 'onPrinterHmsWarning'],
  ['printer.filament_change_required', 'warning', 'Filament Change Required', '{printer} needs a filament change{during}{at}{why}.', 0, 0, 'filament_runout', 11],
  ['printer.user_action_required', 'warning', 'Action Required', '{printer} waits for somebody{during}{at}{why}.', 0, 0, 0, 12],
  ['printer.bed_cooled', 'info', 'Bed Cooled', 'The bed of {printer} has cooled down.', 0, 0, 'bed_cooled', 15],
  ['printer.continuous_print_disabled', 'warning', 'Continuous Print Disabled', 'Continuous print was disabled on {printer}{by}{why}.', 'onPrinterContinuousPrintDisabled'],
  ['printer.autoprint_changed', 'info', 'AutoPrint Changed', 'AutoPrint was changed on {printer}{by}.', 0, 'printer.autoprint_state_changed'],
  ['printer.autoprint_limit_reached', 'warning', 'AutoPrint Limit Reached', '{printer} reached its limit of AutoPrint cycles.', 0, 'printer.autoprint_max_cycles'],
  ['printer.material_changed', 'info', 'Material Changed', 'The material of {printer} was changed{to_material}{by}.', 0, 'printer.material_changed'],
  ['printer.nozzle_changed', 'info', 'Nozzle Changed', 'The nozzle of {printer} was changed{by}.', 0, 'printer.nozzle_size_changed'],
  ['printer.tag_assigned', 'info', 'Tag Assigned', 'A tag was assigned to {printer}{by}.', 0, 'printer.custom_tag_assigned'],
  ['printer.tag_detached', 'info', 'Tag Detached', 'A tag was taken off {printer}{by}.', 0, 'printer.custom_tag_detached'],
  ['printer.out_of_order_changed', 'warning', 'Out of Order Changed', 'The out-of-order state of {printer} was changed{by}{why}.', 0, 'printer.out_of_order_state_changed'],
  ['printer.ai_state_changed', 'info', 'AI Detection Changed', 'AI failure detection was changed on {printer}{by}.', 0, 'printer.ai_state_changed'],
  ['farm.autoprint_changed', 'info', 'Farm AutoPrint Changed', 'AutoPrint was changed for the whole farm{by}.', 0, 'company.autoprint_state_changed'],
  ['order.created_manual', 'info', 'Order Created', '{order} was created{by_hand}.', 'onOrderCreatedManual'],
  ['order.created_retail', 'info', 'Order Received', '{order} was received{source}.', 'onOrderCreatedRetail'],
  ['order.cancelled', 'warning', 'Order Cancelled', '{order} was cancelled{by}{why}.', 'onOrderCancelled'],
  ['order.closed', 'success', 'Order Closed', '{order} is complete and closed.', 'onOrderClosed'],
  ['order.auto_printed', 'info', 'Order Sent to Print', '{order} was sent to print automatically.', 'onOrdersAutoPrinted'],
  ['maintenance.mode_on', 'info', 'Maintenance Mode On', '{printer} was put into maintenance mode{by}.', 'onMaintenanceModeOn'],
  ['maintenance.mode_off', 'info', 'Maintenance Mode Off', '{printer} was taken out of maintenance mode{by}.', 'onMaintenanceModeOff'],
  ['maintenance.due_soon', 'warning', 'Maintenance Due Soon', '{task}{on} is due{due}.', 'onMaintenanceDueSoon'],
  ['maintenance.overdue', 'warning', 'Maintenance Overdue', '{task}{on} is overdue{since}.', 'onMaintenanceOverdue', 'maintenance.job_overdue', 'maintenance_overdue'],
  ['material.usage_recorded', 'info', 'Material Usage Recorded', '{usage} was used{on}{during}.', 'onMaterialUsageRecorded'],
  ['material.spool_low', 'warning', 'Spool Low', '{material} is running low{on}{remaining}.', 0, 0, 'spool_low'],
  ['detection.spaghetti', 'critical', 'Spaghetti Detected', '{job}{on} looks like spaghetti{at}{why}.', 0, AI, 'spaghetti_detected', 7],
  ['detection.first_layer', 'warning', 'First Layer Issue', 'The first layer of {job}{on} looks wrong{at}{why}.', 0, AI, 'first_layer_issue', 7],
  ['detection.detachment', 'critical', 'Detachment Detected', '{job}{on} seems to have come off the bed{at}{why}.', 0, AI, 'detachment_detected', 7],
  ['detection.paused_print', 'critical', 'Print Paused by Detection', '{job} was paused{on}{at} because it seems to fail{why}.', 0, 0, 0, 8],
  ['detection.false_positive', 'info', 'Detection Was Wrong', 'What looked like a failure on {printer}{during} was none{says}.', 0, 'printer.ai_failure_false_positive'],
  ['channel.failing', 'warning', 'Channel Failing', '{channel} is failing{why}.'],
  ['channel.disabled', 'error', 'Channel Disabled', '{channel} was disabled{why}.'],
  ['channel.digest', 'info', 'Quiet Hours Digest', '{count} during quiet hours{kinds}.{lines}', 0, 0, 'quiet_hours_digest'],
  ['channel.summary', 'info', 'Summary', '{count}{in_one}.{lines}'],
  ['channel.app_connection_expiring', 'warning', 'App Connection Expiring', 'An app connection of {printer} expires soon.'],
  ['channel.test', 'info', 'Test Notification', 'This is a test: {this_channel} works.', 0, 'test', 'test', 16],
  // SimplyPrint's remaining events, under SimplyPrint's own names
  ['queue.delete_item', 'info', 'Queue Item Deleted', '{job} was deleted from the queue{by}.', 0, 'queue.delete_item'],
  ['queue.empty_queue', 'warning', 'Queue Emptied', 'The queue was emptied{by}.', 0, 'queue.empty_queue'],
  ['queue.move_item', 'info', 'Queue Item Moved', '{job} was moved in the queue{by}.', 0, 'queue.move_item'],
  ['queue.revive_item', 'info', 'Queue Item Revived', '{job} was put back into the queue{by}.', 0, 'queue.revive_item'],
  ['filament.create', 'info', 'Filament Created', '{material} was added{by}.', 0, 'filament.create'],
  ['filament.update', 'info', 'Filament Updated', '{material} was changed{by}.', 0, 'filament.update'],
  ['filament.delete', 'info', 'Filament Deleted', '{material} was deleted{by}.', 0, 'filament.delete'],
  ['filament.assigned', 'info', 'Filament Assigned', '{material} was assigned to {printer}{by}.', 0, 'filament.assigned'],
  ['filament.unassigned', 'info', 'Filament Unassigned', '{material} was taken off {printer}{by}.', 0, 'filament.unassigned'],
  ['balance.charged', 'info', 'Balance Charged', 'The balance{of_user} was charged.', 0, 'balance.charged'],
  ['balance.refunded', 'info', 'Balance Refunded', 'The balance{of_user} was refunded.', 0, 'balance.refunded'],
  ['balance.topped_up', 'info', 'Balance Topped Up', 'The balance{of_user} was topped up.', 0, 'balance.topped_up'],
  ['balance.adjusted', 'info', 'Balance Adjusted', 'The balance{of_user} was adjusted.', 0, 'balance.adjusted'],
  ['quota.request_new', 'info', 'Quota Requested', 'A quota was requested{by}.', 0, 'quota.request_new'],
  ['quota.request_resolved', 'info', 'Quota Request Resolved', 'The quota request{of_user} was resolved.', 0, 'quota.request_resolved'],
  ['quota.adjusted', 'info', 'Quota Adjusted', 'The quota{of_user} was adjusted.', 0, 'quota.adjusted'],
  ['quota.reset', 'info', 'Quota Reset', 'The quota{of_user} was reset.', 0, 'quota.reset'],
  ['organization.user_signup', 'info', 'User Signed Up', '{user} signed up.', 0, 'organization.user_signup'],
  ['organization.user_pending', 'info', 'User Waits for Approval', '{user} waits for approval.', 0, 'organization.user_pending'],
  ['maintenance.job_created', 'info', 'Maintenance Job Created', '{task_job}{on} was created{by}.', 0, 'maintenance.job_created'],
  ['maintenance.job_updated', 'info', 'Maintenance Job Updated', '{task_job}{on} was changed{by}.', 0, 'maintenance.job_updated'],
  ['maintenance.job_started', 'info', 'Maintenance Started', '{task}{on} was started{by}.', 0, 'maintenance.job_started'],
  ['maintenance.job_completed', 'success', 'Maintenance Completed', '{task}{on} was completed{by}.', 0, 'maintenance.job_completed'],
  ['maintenance.job_cancelled', 'warning', 'Maintenance Cancelled', '{task}{on} was cancelled{by}.', 0, 'maintenance.job_cancelled'],
  ['maintenance.job_reopened', 'info', 'Maintenance Reopened', '{task}{on} was reopened{by}.', 0, 'maintenance.job_reopened'],
  ['maintenance.job_deleted', 'info', 'Maintenance Job Deleted', '{task_job}{on} was deleted{by}.', 0, 'maintenance.job_deleted'],
  ['maintenance.problem_reported', 'warning', 'Problem Reported', 'A problem{with} was reported{by}{why}.', 0, 'maintenance.problem_reported'],
  ['maintenance.problem_resolved', 'success', 'Problem Resolved', 'A problem{with} was resolved{by}.', 0, 'maintenance.problem_resolved'],
  ['maintenance.low_stock', 'warning', 'Spare Parts Low', 'A spare part is running low.', 0, 'maintenance.low_stock'],
  ['maintenance.task_completed', 'info', 'Maintenance Task Completed', '{task}{on} was completed{by}.', 0, 'maintenance.task_completed'],
  ['maintenance.task_skipped', 'info', 'Maintenance Task Skipped', '{task}{on} was skipped{by}.', 0, 'maintenance.task_skipped'],
  ['maintenance.schedule_created', 'info', 'Maintenance Schedule Created', 'A maintenance schedule was created{by}.', 0, 'maintenance.schedule_created'],
  ['maintenance.schedule_updated', 'info', 'Maintenance Schedule Updated', 'A maintenance schedule was changed{by}.', 0, 'maintenance.schedule_updated'],
  ['maintenance.schedule_deleted', 'info', 'Maintenance Schedule Deleted', 'A maintenance schedule was deleted{by}.', 0, 'maintenance.schedule_deleted'],
  ['maintenance.spare_part_created', 'info', 'Spare Part Created', 'A spare part was added{by}.', 0, 'maintenance.spare_part_created'],
  ['maintenance.spare_part_updated', 'info', 'Spare Part Updated', 'A spare part was changed{by}.', 0, 'maintenance.spare_part_updated'],
  ['maintenance.spare_part_deleted', 'info', 'Spare Part Deleted', 'A spare part was deleted{by}.', 0, 'maintenance.spare_part_deleted'],
  ['maintenance.stock_adjusted', 'info', 'Stock Adjusted', 'The stock of a spare part was adjusted{by}.', 0, 'maintenance.stock_adjusted'],
];

export const catalogue: readonly CatalogueRow[] = rows.map(
  ([type, severity, label, message, printago, simplyprint, odin, octoeverywhere]) => ({
    type,
    severity,
    label,
    message,
    vendors: {
      ...(printago && { printago }),
      ...(simplyprint && { simplyprint }),
      ...(odin && { odin }),
      ...(octoeverywhere && { octoeverywhere }),
    },
  }),
);

const byType = new Map(catalogue.map((row) => [row.type, row]));
const customType = /^custom(\.[A-Za-z0-9_-]+)+$/;

/** The row of a type; `custom.*` names share one that has no texts. Undefined: the type does not exist. */
export function rowOf(type: string): CatalogueRow | undefined {
  const row = byType.get(type);
  if (row) return row;
  return type.length <= 200 && customType.test(type)
    ? { type, severity: 'info', label: '', message: '', vendors: {} }
    : undefined;
}

/** Whether a publisher may send this type: `channel.*` comes from Farmbell alone. */
export const isOwnType = (type: string): boolean => type.startsWith('channel.');

export const categoryOf = (type: string): string => type.slice(0, type.indexOf('.'));
