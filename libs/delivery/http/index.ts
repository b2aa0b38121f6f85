export * from './client.js';
export * from './egress.js';
export * from './failures.js';
export * from './multipart.js';
