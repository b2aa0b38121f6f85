export * from './intake.js';
export * from './lines.js';
export * from './metrics.js';
export * from './registry.js';
