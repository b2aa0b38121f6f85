import { Controller, Inject } from '@nestjs/common';
import { CONFIG, publicUrl, type Settings } from '#runtime';
import { docsPage } from '../http/docs-page.js';
import type { Reply } from '../http/http.js';
import type { Call } from '../routes/call.js';
import { openApi } from '../routes/openapi.js';
import { Route } from '../routes/route.js';
import { RouteTable } from '../routes/route-table.js';

@Controller()
export class DocsController {
  private readonly document: string;
  private readonly page: string;

  constructor(@Inject(RouteTable) table: RouteTable, @Inject(CONFIG) config: Settings) {
    const document = openApi(table.routes, publicUrl(config));
    this.document = JSON.stringify(document);
    this.page = docsPage(document);
  }

  @Route({
    method: 'GET',
    path: '/openapi.json',
    access: 'none',
    summary: 'This API, described for programs (OpenAPI 3.1)',
    answer: { status: 200, types: ['application/json'] },
  })
  openapi(_: Call, reply: Reply) {
    reply.header('content-type', 'application/json; charset=utf-8');
    return this.document;
  }

  @Route({
    method: 'GET',
    path: '/docs',
    access: 'none',
    summary: 'This API, described for people',
    answer: { status: 200, types: ['text/html'] },
  })
  docs(_: Call, reply: Reply) {
    reply.header('content-type', 'text/html; charset=utf-8');
    reply.header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'");
    return this.page;
  }
}
