export type { Handler, QueueTelemetry } from './consumer.ts';
export { createPublisher, type DeadLetter, type Publisher, type PublisherOptions } from './publisher.ts';
export { openTransport, type Transport, type TransportOptions } from './transport.ts';
