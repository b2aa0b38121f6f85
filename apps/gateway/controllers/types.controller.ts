import { Controller, Inject } from '@nestjs/common';
import { ask, Bus } from '#bus';
import { type CatalogueRow, catalogue, categoryOf, channelTypes, defaultTexts } from '#contracts';
import { Route } from '../routes/route.js';
import { channelType, eventType, whole } from '../routes/shapes.js';

const describeWaitMs = 1000;

const sample = {
  printer: { id: 'x1c-7', name: 'X1C' },
  job: { id: '142', name: 'Benchy' },
  order: { id: '9', number: '1009' },
  maintenance: { id: '3', task: 'Nozzle cleaning' },
  material: { id: '5', name: 'PLA Black' },
  data: { channel_name: 'Farm alerts', count: 3 },
};

const typeOf = (row: CatalogueRow) => ({
  type: row.type,
  category: categoryOf(row.type),
  severity: row.severity,
  title: row.label,
  description: defaultTexts(row, { type: row.type, ...sample }).message,
  vendors: row.vendors,
});

const custom = {
  type: 'custom.*',
  category: 'custom',
  severity: 'info' as const,
  title: 'Custom',
  description: 'An event of your own: any name after custom., with a title.',
  vendors: {},
};

const eventTypes = [...catalogue.map(typeOf), custom];

@Controller()
export class TypesController {
  constructor(@Inject(Bus) private readonly bus: Bus) {}

  @Route({
    method: 'GET',
    path: '/v1/event-types',
    access: 'read',
    summary: 'Every event type, with an example of its message and the names that vendors have for it',
    answer: { status: 200, schema: whole(eventType) },
  })
  eventTypes() {
    return { data: eventTypes, next_cursor: null };
  }

  @Route({
    method: 'GET',
    path: '/v1/channel-types',
    access: 'read',
    summary: 'Every channel type whose service runs, with its settings',
    answer: { status: 200, schema: whole(channelType) },
  })
  async channelTypes() {
    const asked = channelTypes.map((type) =>
      ask(this.bus, `${type}.settings.describe`, {}, describeWaitMs).catch(() => undefined),
    );
    const data = (await Promise.all(asked)).filter((described) => described !== undefined);
    return { data, next_cursor: null };
  }
}
