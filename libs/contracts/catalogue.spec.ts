import { catalogue, categoryOf, isOwnType, rowOf, type Severity, severities } from './index.js';

// The published table, word for word: type, severity, Printago, SimplyPrint, O.D.I.N., OctoEverywhere; a hyphen: none.
const published = `
job.queued | info | - | queue.add_item | queue_added | -
job.submitted | info | - | queue.item_pending_approval | job_submitted | -
job.approved | info | - | queue.item_approved | job_approved | -
job.rejected | warning | - | queue.item_denied | job_rejected | -
job.skipped | warning | - | - | queue_skipped | -
job.start_failed | error | - | - | queue_failed_start | -
job.started | info | onJobStarted | job.started | - | 1
job.progress | info | - | - | - | 6
job.first_layer_completed | info | - | - | - | 10
job.third_layer_completed | info | - | - | - | 14
job.paused | warning | - | job.paused | - | 4
job.resumed | info | - | job.resumed | - | 5
job.succeeded | success | onJobSucceeded | job.done | print_complete | 2
job.failed | error | onJobFailed | job.failed | print_failed | 3
job.cancelled | warning | onJobCancelled | job.cancelled | print_cancelled | 3
job.bed_cleared | info | - | job.bed_cleared | - | -
job.objects_skipped | info | - | job.objects_skipped | - | -
printer.online | info | onPrinterOnline | - | - | -
printer.offline | warning | onPrinterOffline | - | - | -
printer.error | error | - | - | printer_error | 9
printer.hms_error | error | onPrinterHmsError | - | printer_error | 9
printer.hms_warning | warning | onPrinterHmsWarning | - | - | -
printer.filament_change_required | warning | - | - | filament_runout | 11
printer.user_action_required | warning | - | - | - | 12
printer.bed_cooled | info | - | - | bed_cooled | 15
printer.continuous_print_disabled | warning | onPrinterContinuousPrintDisabled | - | - | -
printer.autoprint_changed | info | - | printer.autoprint_state_changed | - | -
printer.autoprint_limit_reached | warning | - | printer.autoprint_max_cycles | - | -
printer.material_changed | info | - | printer.material_changed | - | -
printer.nozzle_changed | info | - | printer.nozzle_size_changed | - | -
printer.tag_assigned | info | - | printer.custom_tag_assigned | - | -
printer.tag_detached | info | - | printer.custom_tag_detached | - | -
printer.out_of_order_changed | warning | - | printer.out_of_order_state_changed | - | -
farm.autoprint_changed | info | - | company.autoprint_state_changed | - | -
order.created_manual | info | onOrderCreatedManual | - | - | -
order.created_retail | info | onOrderCreatedRetail | - | - | -
order.cancelled | warning | onOrderCancelled | - | - | -
order.closed | success | onOrderClosed | - | - | -
order.auto_printed | info | onOrdersAutoPrinted | - | - | -
maintenance.mode_on | info | onMaintenanceModeOn | - | - | -
maintenance.mode_off | info | onMaintenanceModeOff | - | - | -
maintenance.due_soon | warning | onMaintenanceDueSoon | - | - | -
maintenance.overdue | warning | onMaintenanceOverdue | maintenance.job_overdue | maintenance_overdue | -
material.usage_recorded | info | onMaterialUsageRecorded | - | - | -
material.spool_low | warning | - | - | spool_low | -
detection.spaghetti | critical | - | printer.ai_failure_detected | spaghetti_detected | 7
detection.first_layer | warning | - | printer.ai_failure_detected | first_layer_issue | 7
detection.detachment | critical | - | printer.ai_failure_detected | detachment_detected | 7
detection.paused_print | critical | - | - | - | 8
detection.false_positive | info | - | printer.ai_failure_false_positive | - | -
channel.failing | warning | - | - | - | -
channel.disabled | error | - | - | - | -
channel.digest | info | - | - | quiet_hours_digest | -
channel.summary | info | - | - | - | -
channel.app_connection_expiring | warning | - | - | - | -
channel.test | info | - | test | test | 16`
  .trim()
  .split('\n')
  .map((line) => line.split(' | '));

const prefixed = (prefix: string, names: string) => names.split(' ').map((name) => `${prefix}.${name}`);

/** Every event name that SimplyPrint has. */
const simplyprint = [
  ...prefixed('job', 'started paused resumed cancelled done failed bed_cleared objects_skipped'),
  ...prefixed('printer', 'autoprint_state_changed nozzle_size_changed material_changed custom_tag_assigned custom_tag_detached'),
  ...prefixed('printer', 'out_of_order_state_changed ai_state_changed ai_failure_detected ai_failure_false_positive'),
  ...prefixed('printer', 'autoprint_max_cycles'),
  'company.autoprint_state_changed',
  ...prefixed('organization', 'user_signup user_pending'),
  ...prefixed('queue', 'add_item delete_item empty_queue move_item revive_item item_pending_approval item_approved item_denied'),
  ...prefixed('filament', 'create update delete assigned unassigned'),
  ...prefixed('balance', 'charged refunded topped_up adjusted'),
  ...prefixed('quota', 'request_new request_resolved adjusted reset'),
  ...prefixed('maintenance', 'job_created job_updated job_started job_completed job_cancelled job_reopened job_overdue'),
  ...prefixed('maintenance', 'job_deleted problem_reported problem_resolved low_stock task_completed task_skipped'),
  ...prefixed('maintenance', 'schedule_created schedule_updated schedule_deleted spare_part_created spare_part_updated'),
  ...prefixed('maintenance', 'spare_part_deleted stock_adjusted'),
];
const printago = [
  ...'onJobStarted onJobSucceeded onJobFailed onJobCancelled onPrinterOnline onPrinterOffline onPrinterHmsError'.split(' '),
  ...'onPrinterHmsWarning onPrinterContinuousPrintDisabled onOrderCreatedManual onOrderCreatedRetail'.split(' '),
  ...'onOrderCancelled onOrderClosed onOrdersAutoPrinted onMaintenanceModeOn onMaintenanceModeOff'.split(' '),
  ...'onMaintenanceDueSoon onMaintenanceOverdue onMaterialUsageRecorded'.split(' '),
];
/** O.D.I.N.'s enumeration, then what it sends beside it. */
const odin = [
  ...'print_complete print_failed printer_error spool_low maintenance_overdue job_submitted job_approved'.split(' '),
  ...'job_rejected spaghetti_detected first_layer_issue detachment_detected bed_cooled queue_added'.split(' '),
  ...'queue_skipped queue_failed_start'.split(' '),
  ...'print_cancelled filament_runout quiet_hours_digest'.split(' '),
];

const names = (vendor: 'printago' | 'simplyprint' | 'odin' | 'octoeverywhere') =>
  [...new Set(catalogue.flatMap((row) => row.vendors[vendor] ?? []))].map(String).sort();
const inOrder = (list: (string | number)[]) => list.map(String).sort();

describe('the catalogue', () => {
  it.each(published)('%s is %s and has the published names', (type, severity, ...vendors) => {
    const row = rowOf(type!);
    const { printago = '-', simplyprint = '-', odin = '-', octoeverywhere = '-' } = row?.vendors ?? {};
    expect([row?.severity, printago, simplyprint, odin, String(octoeverywhere)]).toEqual([severity, ...vendors]);
  });

  it('holds beyond the published table only names of SimplyPrint, each under its own name', () => {
    const types = new Set(published.map(([type]) => type));
    const others = catalogue.filter((row) => !types.has(row.type));
    for (const row of others) expect(row.vendors).toEqual({ simplyprint: row.type });
    expect(others.map((row) => row.type).filter((type) => !simplyprint.includes(type))).toEqual([]);
    expect(catalogue).toHaveLength(published.length + others.length);
  });

  it('names every event of the four vendors, and no other', () => {
    expect([simplyprint.length, printago.length, odin.length]).toEqual([62, 19, 18]);
    expect(names('simplyprint')).toEqual(inOrder([...simplyprint, 'test']));
    expect(names('printago')).toEqual(inOrder(printago));
    expect(names('odin')).toEqual(inOrder([...odin, 'test']));
    const numbers = Array.from({ length: 16 }, (_, i) => i + 1).filter((n) => n !== 13);
    expect(names('octoeverywhere')).toEqual(inOrder(numbers));
  });

  it('has no type twice, and only known severities', () => {
    expect(new Set(catalogue.map((row) => row.type)).size).toBe(catalogue.length);
    for (const row of catalogue) expect(severities).toContain(row.severity satisfies Severity);
  });

  it('keeps channel.* for itself', () => {
    const own = catalogue.filter((row) => isOwnType(row.type)).map((row) => row.type);
    expect(own).toEqual(catalogue.filter((row) => categoryOf(row.type) === 'channel').map((row) => row.type));
    expect(own).toHaveLength(6);
  });

  it.each(['custom.a', 'custom.door.open', 'custom.A-1_b', `custom.${'x'.repeat(193)}`])('knows the custom type %s', (type) => {
    expect(rowOf(type)).toEqual({ type, severity: 'info', label: '', message: '', vendors: {} });
  });

  it.each([
    'custom',
    'custom.',
    'custom..a',
    'custom.a b',
    'custom.*',
    'custom.a\n',
    `custom.${'x'.repeat(194)}`,
    'job.finished',
    'job',
    '',
    '__proto__',
    'constructor',
    'JOB.STARTED',
  ])('does not know %j', (type) => expect(rowOf(type)).toBeUndefined());
});
