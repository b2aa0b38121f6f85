import type { HttpAdapterHost } from '@nestjs/core';
import { Counter, Histogram } from 'prom-client';
import { metrics } from '#runtime';
import type { RouteSpec } from '../routes/call.js';

const registers = [metrics];
const requests = new Counter({
  name: 'farmbell_http_requests_total',
  help: 'Requests to the API by route, as OpenAPI writes it; other: no route of ours',
  labelNames: ['route', 'method', 'status'],
  registers,
});
const durations = new Histogram({
  name: 'farmbell_http_request_duration_seconds',
  help: 'From the headers of a request to the end of its answer; live streams left out',
  labelNames: ['route', 'method'],
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  registers,
});

interface Answered {
  statusCode: number;
  /** In milliseconds. */
  elapsedTime: number;
}
interface Hooks {
  addHook(
    name: 'onResponse',
    hook: (request: { method: string; routeOptions?: { url?: string } }, reply: Answered, done: () => void) => void,
  ): void;
}

/** Every process has these, and they say nothing of the API. */
const own = ['/healthz', '/readyz', '/metrics'];
const other = 'other';

/** Counts every request of these routes, and takes its time. */
export function measureRequests(host: HttpAdapterHost, routes: readonly RouteSpec[]): void {
  const methods = new Set<string>();
  const timed = new Map<string, boolean>();
  for (const { path: route, method, answer } of routes) {
    methods.add(method);
    for (const status of [answer.status, 500]) requests.inc({ route, method, status }, 0);
    const isStream = answer.types?.includes('text/event-stream') ?? false;
    timed.set(route, !isStream);
    if (!isStream) durations.zero({ route, method });
  }
  host.httpAdapter.getInstance<Hooks>().addHook('onResponse', (request, reply, done) => {
    done();
    const url = request.routeOptions?.url?.replace(/:(\w+)/g, '{$1}') ?? other;
    if (own.includes(url)) return;
    const route = timed.has(url) ? url : other;
    const method = methods.has(request.method) ? request.method : other;
    requests.inc({ route, method, status: reply.statusCode });
    if (timed.get(route)) durations.observe({ route, method }, reply.elapsedTime / 1000);
  });
}
