export * from './intake.js';
export * from './registry.js';
