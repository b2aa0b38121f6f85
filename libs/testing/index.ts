export { type Conforming, conforms } from './conforms.js';
export { testDatabase } from './databases.js';
export { type TestNats, testNats } from './nats.js';
export { type DiscordProvider, discordProvider } from './providers/discord.js';
export { type Provider, provider, type Scripted } from './providers/provider.js';
export { type Answer, type ReceivedRequest, type Receiver, receiver } from './receiver.js';
export { endServices, type ServiceProcess, serviceProcess } from './service-process.js';
export { until } from './until.js';
