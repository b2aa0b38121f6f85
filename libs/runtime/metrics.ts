import { collectDefaultMetrics, Registry } from 'prom-client';

/** The process's metrics; services declare theirs on it. */
export const metrics = new Registry();
collectDefaultMetrics({ register: metrics });
