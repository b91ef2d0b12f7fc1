import { type QueueDefinition, queuePrefix } from '@charter/shared/contracts';
import { buryMessage, outboxBacklog, type Store, startRelay } from '@charter/store';
import type { Registry } from 'prom-client';
import { workerConnection } from './connection.ts';
import { type Consumer, type Handler, type QueueTelemetry, startConsumer } from './consumer.ts';
import { createQueueMetrics } from './metrics.ts';
import { createPublisher, type Publisher } from './publisher.ts';

export interface TransportOptions<Tables> {
  /** The service's name; the consumer of everything it takes. */
  readonly app: string;
  readonly store: Store<Tables>;
  readonly redisUrl: string;
  readonly registry: Registry;
  readonly onError: (
    error: unknown,
    context: { queue: string; id?: string | undefined; incidentId?: string | null },
  ) => void;
  readonly prefix?: string;
  readonly resendAfterSeconds?: number;
  readonly allowVolatile?: boolean;
  /** Does the handling of a message as part of its trace. */
  readonly telemetry?: QueueTelemetry;
}

export interface Transport {
  /** Hands every message of a queue to `handler`, which does its work through `store.consume`. */
  consume<Data>(queue: QueueDefinition<Data>, handler: Handler<Data>, options?: { concurrency?: number }): void;
  readonly publisher: Publisher;
  /** Answers, or throws `upstream-unavailable` when Redis is away or forgets. */
  ping(): Promise<void>;
  /** Drains: no new message is taken, running ones end, promised ones are sent. */
  close(): Promise<void>;
}

/** Joins a service's store with the queues: what its transactions promise is sent, what is sent to it is consumed. */
export function openTransport<Tables>(options: TransportOptions<Tables>): Transport {
  const { app, redisUrl, registry, onError, prefix = queuePrefix, allowVolatile = false } = options;
  const store = options.store as unknown as Store<never>;
  const publisher = createPublisher({ redisUrl, prefix, allowVolatile });
  const metrics = createQueueMetrics(registry, app);
  const consumers: Consumer[] = [];

  const relay = startRelay({
    store,
    async publish(messages) {
      await publisher.publish(messages);
      for (const { queue } of messages) metrics.published(queue, 1);
    },
    onError: (error) => onError(error, { queue: 'outbox' }),
    ...(options.resendAfterSeconds === undefined ? {} : { resendAfterSeconds: options.resendAfterSeconds }),
  });
  const gauge = setInterval(() => {
    outboxBacklog(store)
      .then(({ waiting, dead, oldestSeconds }) => metrics.backlog(waiting, dead, oldestSeconds))
      .catch((error: unknown) => onError(error, { queue: 'outbox' }));
  }, 5_000);

  return {
    publisher,
    consume(queue, handler, { concurrency } = {}) {
      const deps = {
        consumer: app,
        connect: () => workerConnection(redisUrl),
        publisher,
        prefix,
        metrics,
        onError,
        ...(options.telemetry === undefined ? {} : { telemetry: options.telemetry }),
        bury: (name: string, id: string) => buryMessage(store, name, id),
      };
      consumers.push(startConsumer(queue, handler, concurrency === undefined ? deps : { ...deps, concurrency }));
    },
    ping: () => publisher.ping(),
    async close() {
      await Promise.all(consumers.map((consumer) => consumer.close()));
      clearInterval(gauge);
      await relay.close();
      await publisher.close();
    },
  };
}
