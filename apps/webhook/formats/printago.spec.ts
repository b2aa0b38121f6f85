import { z } from 'zod';
import { rowOf } from '#contracts';
import { bare, context, everyEvent, everyType, full, odd, oddTexts, received, tellsAccessCode } from '../samples.js';
import { printago } from './printago.js';

// the shapes that Printago publishes of printer and print job; what is unknown of them is left out
const printer = z.strictObject({
  id: z.string().optional(),
  name: z.string().optional(),
  metadata: z.strictObject({
    name: z.string().optional(),
    dev_product_name: z.string().optional(),
    online: z.boolean().optional(),
  }),
  tags: z.array(z.string()).optional(),
  isOnline: z.boolean().optional(),
  printingJobId: z.string().optional(),
  continuousPrint: z.boolean().optional(),
  storeId: z.string(),
});
const printJob = z.strictObject({
  id: z.string().optional(),
  label: z.string().optional(),
  partName: z.string().optional(),
  filesToPrint: z.array(z.string()).optional(),
  thumbnailUri: z.url().optional(),
  orderId: z.string().optional(),
  assignedPrinterId: z.string().optional(),
  status: z
    .enum([
      'pending',
      'assigned',
      'slicing',
      'sliced',
      'finalizing',
      'waiting-for-approval',
      'ready-for-printer',
      'sending-to-printer',
      'printing',
      'paused',
      'completed',
      'failed',
      'cancelled',
    ])
    .optional(),
  errorMessage: z.string().optional(),
  printingStartedAt: z.iso.datetime().optional(),
  printingCompletedAt: z.iso.datetime().optional(),
  cancelledAt: z.iso.datetime().optional(),
  storeId: z.string(),
});
const keys = [
  'onJobStarted onJobSucceeded onJobFailed onJobCancelled',
  'onPrinterOnline onPrinterOffline onPrinterHmsError onPrinterHmsWarning onPrinterContinuousPrintDisabled',
  'onOrderCreatedManual onOrderCreatedRetail onOrderCancelled onOrderClosed onOrdersAutoPrinted',
  'onMaintenanceModeOn onMaintenanceModeOff onMaintenanceDueSoon onMaintenanceOverdue onMaterialUsageRecorded',
].flatMap((line) => line.split(' '));
const payload = z.strictObject({
  event: z.string().min(1),
  timestamp: z.iso.datetime(),
  data: z.looseObject({ printer: printer.optional(), printJob: printJob.optional() }),
});
const body = (event: Parameters<typeof printago>[0]) => received(printago(event, context));

describe('the format printago', () => {
  it('tells a failed job as Printago does', () => {
    const event = full('job.failed', { order: undefined, maintenance: undefined, material: undefined, user: undefined });
    expect(printago(event, context).contentType).toBe('application/json');
    expect(body(event)).toEqual({
      event: 'onJobFailed',
      timestamp: '2026-03-01T12:00:00.250Z',
      data: {
        printer: {
          id: 'p-7',
          name: 'X1C',
          metadata: { name: 'X1C', dev_product_name: 'Bambu Lab X1 Carbon' },
          tags: ['petg', 'room 2'],
          storeId: 'default',
        },
        printJob: {
          id: '142',
          label: 'Benchy',
          partName: 'Benchy',
          filesToPrint: ['benchy_v2.gcode.3mf'],
          thumbnailUri: 'https://farmbell.example.org/s/pic1',
          assignedPrinterId: 'p-7',
          status: 'failed',
          errorMessage: 'The nozzle is clogged.',
          printingStartedAt: '2026-03-01T10:37:00.000Z',
          storeId: 'default',
        },
      },
    });
  });

  it.each([
    ['job.started', { status: 'printing', printingStartedAt: '2026-03-01T12:00:00.250Z' }],
    ['job.succeeded', { status: 'completed', printingCompletedAt: '2026-03-01T12:00:00.250Z' }],
    ['job.cancelled', { status: 'cancelled', cancelledAt: '2026-03-01T12:00:00.250Z' }],
    ['job.submitted', { status: 'waiting-for-approval' }],
    ['job.paused', { status: 'paused' }],
  ])('knows of %s alone: %j', (type, known) => expect(body(bare(type)).data.printJob).toEqual({ ...known, storeId: 'default' }));

  it('knows whether the printer is there, and what it prints', () => {
    const of = (type: string) => body(full(type)).data.printer;
    expect([of('printer.online').isOnline, of('printer.offline').isOnline]).toEqual([true, false]);
    expect(of('job.failed')).not.toHaveProperty('isOnline');
    expect([of('job.progress').printingJobId, of('job.failed').printingJobId]).toEqual(['142', undefined]);
    expect(of('printer.continuous_print_disabled').continuousPrint).toBe(false);
  });

  it('tells orders, maintenance, material and people', () => {
    expect(body(full('order.created_retail')).data).toMatchObject({
      order: { id: 'o-9', number: '1009', source: 'Etsy', total: 42.5, storeId: 'default' },
      printJob: { orderId: 'o-9' },
      user: { id: 'u-5', firstName: 'Ada', lastName: 'Byron' },
    });
    expect(body(full('maintenance.overdue')).data.maintenance).toEqual({
      maintenanceItemId: 'm-1',
      itemName: 'Grease the rails',
      printerId: 'p-7',
      printerName: 'X1C',
      status: 'OVERDUE',
      dueAt: '2026-03-02T00:00:00.000Z',
    });
    expect(body(full('material.usage_recorded')).data.material).toMatchObject({ id: 's-3', type: 'PETG', usedGrams: 12.5 });
  });

  it('says in words what Printago has none for', () => {
    expect(body(bare('printer.hms_warning', { message: 'X1C: the chamber is hot.' })).data).toEqual({
      title: 'Printer HMS Warning',
      message: 'X1C: the chamber is hot.',
    });
    expect(body(bare('custom.door', { data: { door: 2, access_code: '12345678' } }))).toMatchObject({
      event: 'custom.door',
      data: { title: 'Door Open', message: 'The door of room 2 is open.', door: 2 },
    });
  });

  it('has the documented shapes for every type, with all facts and with none', () => {
    for (const event of [...everyEvent, ...oddTexts.map(odd)]) {
      const told = body(event);
      expect([event.type, payload.safeParse(told).error?.issues, tellsAccessCode(told)]).toEqual([event.type, undefined, false]);
      expect(told.event).toBe(rowOf(event.type)?.vendors.printago ?? event.type);
    }
  });

  it('uses every key of the notification settings', () => {
    const used = everyType.map((type) => body(bare(type)).event).filter((name) => name.startsWith('on'));
    expect(used.sort()).toEqual(keys.sort());
  });
});
