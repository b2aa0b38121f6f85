import { deliveryModule } from '#delivery';
import { pushover } from './pushover.js';

export const PushoverModule = deliveryModule(pushover);
export { pushover };
