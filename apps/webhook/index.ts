import { deliveryModule } from '#delivery';
import { webhook } from './webhook.js';

export const WebhookModule = deliveryModule(webhook);
export { webhook };
