export * from './client.js';
export * from './egress.js';
