import { deliveryModule } from '#delivery';
import { slack } from './slack.js';

export const SlackModule = deliveryModule(slack);
export { slack };
