export { testDatabase } from './databases.js';
export { type TestNats, testNats } from './nats.js';
export { type Answer, type ReceivedRequest, type Receiver, receiver } from './receiver.js';
export { until } from './until.js';
