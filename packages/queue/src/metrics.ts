import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export type Verdict = 'done' | 'repeated' | 'retried' | 'postponed' | 'buried';

export interface QueueMetrics {
  handled(queue: string, verdict: Verdict, handleSeconds: number, ageSeconds: number, traceparent: string | null): void;
  published(queue: string, count: number): void;
  backlog(waiting: number, dead: number, oldestSeconds: number): void;
  revived(queue: string): void;
}

/** A service's own queue figures: attempts, durations, how old messages were, and what still waits in its outbox. */
export function createQueueMetrics(registry: Registry, app: string): QueueMetrics {
  const registers = [registry];
  const name = (rest: string) => `charter_${app}_${rest}`;
  const messages = new Counter({
    name: name('queue_messages_total'),
    help: 'Messages taken from a queue, by how that ended.',
    labelNames: ['queue', 'verdict'],
    registers,
  });
  const duration = new Histogram<'queue' | 'trace_id'>({
    name: name('queue_handle_duration_seconds'),
    help: 'Time to handle one message.',
    labelNames: ['queue'],
    enableExemplars: true,
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [],
  });
  registry.registerMetric(duration); // prom-client takes no exemplars in a registry that writes the classic text first
  const age = new Histogram({
    name: name('queue_message_age_seconds'),
    help: 'Time from a message being promised to its being handled.',
    labelNames: ['queue'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 15, 60],
    registers,
  });
  const published = new Counter({
    name: name('queue_published_total'),
    help: 'Messages put on a queue, repeats included.',
    labelNames: ['queue'],
    registers,
  });
  const waiting = new Gauge({ name: name('outbox_waiting'), help: 'Messages not yet acknowledged.', registers });
  const dead = new Gauge({ name: name('outbox_dead'), help: 'Messages that no consumer could take.', registers });
  const oldest = new Gauge({
    name: name('outbox_oldest_age_seconds'),
    help: 'Age of the oldest message not yet acknowledged.',
    registers,
  });
  const revived = new Counter({
    name: name('queue_worker_restarts_total'),
    help: 'Workers replaced because they took nothing while messages waited.',
    labelNames: ['queue'],
    registers,
  });
  return {
    handled(queue, verdict, handleSeconds, ageSeconds, traceparent) {
      messages.inc({ queue, verdict });
      const exemplar = traceparent === null ? {} : { exemplarLabels: { trace_id: traceparent.slice(3, 35) } };
      duration.observe({ labels: { queue }, value: handleSeconds, ...exemplar });
      age.observe({ queue }, Math.max(0, ageSeconds));
    },
    published: (queue, count) => published.inc({ queue }, count),
    backlog(waitingCount, deadCount, oldestSeconds) {
      waiting.set(waitingCount);
      dead.set(deadCount);
      oldest.set(oldestSeconds);
    },
    revived: (queue) => revived.inc({ queue }),
  };
}
