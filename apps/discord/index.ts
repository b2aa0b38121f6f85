import { deliveryModule } from '#delivery';
import { discord } from './discord.js';

export const DiscordModule = deliveryModule(discord);
export { discord };
