export * from './channel.js';
export * from './http/index.js';
export * from './module.js';
export * from './redact.js';
export * from './retry.js';
export type { Limit } from './scopes.js';
export * from './settings.js';
export * from './signature.js';
export * from './verdict.js';
