import { Controller, Inject } from '@nestjs/common';
import type { z } from 'zod';
import { ask, Bus } from '#bus';
import { chosenId, type PrinterCreate, type PrinterPatch, printerCreateSchema, printerPatchSchema } from '#contracts';
import { cursorOf, pageOf, pageQuery, placeOf } from '../http/page.js';
import type { Call } from '../routes/call.js';
import { Route } from '../routes/route.js';
import { printer } from '../routes/shapes.js';

/** Printers as users manage them: rules owns them. */
@Controller()
export class PrintersController {
  constructor(@Inject(Bus) private readonly bus: Bus) {}

  @Route({
    method: 'GET',
    path: '/v1/printers',
    access: 'read',
    summary: 'The registered printers of the account',
    query: pageQuery,
    answer: { status: 200, schema: pageOf(printer) },
  })
  async list({ caller, query }: Call<undefined, z.output<typeof pageQuery>>) {
    const { account } = caller;
    const asked = { account, after: placeOf(query.cursor), limit: query.limit };
    const { data, next } = await ask(this.bus, 'rules.printer.list', asked);
    return { data, next_cursor: next && cursorOf(next) };
  }

  @Route({
    method: 'POST',
    path: '/v1/printers',
    access: 'manage',
    summary: 'Register a printer',
    detail:
      'The id is the one that its events carry; name, model, tags, location and organization are filled in where an event leaves them out, from the next event on.',
    body: printerCreateSchema,
    answer: { status: 201, schema: printer },
    refusals: { 409: 'a printer of that id is registered' },
  })
  create({ caller, body, newId }: Call<PrinterCreate>) {
    return ask(this.bus, 'rules.printer.create', { account: caller.account, request: newId(), printer: body });
  }

  @Route({
    method: 'GET',
    path: '/v1/printers/{id}',
    params: { id: chosenId },
    access: 'read',
    summary: 'One registered printer',
    answer: { status: 200, schema: printer },
  })
  get({ caller, params }: Call) {
    return ask(this.bus, 'rules.printer.get', { account: caller.account, id: params.id! });
  }

  @Route({
    method: 'PATCH',
    path: '/v1/printers/{id}',
    params: { id: chosenId },
    access: 'manage',
    summary: 'Change a registered printer; what is left out stays, null removes it',
    body: printerPatchSchema,
    answer: { status: 200, schema: printer },
  })
  patch({ caller, params, body }: Call<PrinterPatch>) {
    return ask(this.bus, 'rules.printer.patch', { account: caller.account, id: params.id!, patch: body });
  }

  @Route({
    method: 'DELETE',
    path: '/v1/printers/{id}',
    params: { id: chosenId },
    access: 'manage',
    summary: 'Forget a printer; its events are taken as before, but nothing is filled in',
    answer: { status: 204 },
  })
  async delete({ caller, params }: Call): Promise<void> {
    await ask(this.bus, 'rules.printer.delete', { account: caller.account, id: params.id! });
  }
}
