import { deliveryModule } from '#delivery';
import { telegram } from './telegram.js';

export const TelegramModule = deliveryModule(telegram);
export { telegram };
