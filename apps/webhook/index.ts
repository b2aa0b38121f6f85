import { deliveryModule } from '#delivery';
import { webhook } from './webhook.js';

export const WebhookModule = deliveryModule(webhook);
export { selects as selectsForOctoEverywhere } from './formats/octoeverywhere.js';
export { webhook };
