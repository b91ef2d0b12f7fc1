export type { Handler } from './consumer.ts';
export type { DeadLetter, Publisher } from './publisher.ts';
export { openTransport, type Transport, type TransportOptions } from './transport.ts';
