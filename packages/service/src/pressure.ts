import { CharterError } from '@charter/shared/contracts';
import rateLimit from '@fastify/rate-limit';
import underPressure from '@fastify/under-pressure';
import type { FastifyInstance, FastifyRequest } from 'fastify';

export interface Pressure {
  /** Longest the event loop may lag, in milliseconds. */
  readonly maxEventLoopDelayMs?: number;
  /** Share of time in [0, 1] that the event loop may be busy. */
  readonly maxEventLoopUtilization?: number;
  readonly maxHeapUsedBytes?: number;
  readonly retryAfterSeconds?: number;
}

/** How often pressure is measured; the first answers of a new process are never refused. */
const sampleMs = 250;

/** Under pressure answers all routes of this plugin scope with 503 and `Retry-After`, before they do any work. */
export async function shedLoad(scope: FastifyInstance, pressure: Pressure): Promise<void> {
  const { maxEventLoopDelayMs, maxEventLoopUtilization, maxHeapUsedBytes, retryAfterSeconds = 5 } = pressure;
  await scope.register(underPressure, {
    ...(maxEventLoopDelayMs === undefined ? {} : { maxEventLoopDelay: maxEventLoopDelayMs }),
    ...(maxEventLoopUtilization === undefined ? {} : { maxEventLoopUtilization }),
    ...(maxHeapUsedBytes === undefined ? {} : { maxHeapUsedBytes }),
    sampleInterval: sampleMs,
    eventLoopUtilizationMode: 'interval',
    pressureHandler: async (_request, reply) => {
      reply.header('retry-after', String(retryAfterSeconds));
      throw new CharterError('overloaded', 'The service is under pressure');
    },
  });
}

export interface RateLimit {
  readonly max: number;
  readonly windowSeconds: number;
  /** Whose bucket a request takes from; one bucket for all when absent, so that no address is kept. */
  readonly key?: (request: FastifyRequest) => string;
}

/** Answers all routes of this plugin scope with 429 and `Retry-After` beyond `max` in a window, per replica. */
export async function limitRate(scope: FastifyInstance, { max, windowSeconds, key }: RateLimit): Promise<void> {
  await scope.register(rateLimit, {
    max,
    timeWindow: windowSeconds * 1000,
    keyGenerator: key ?? (() => 'all'),
    errorResponseBuilder: () => new CharterError('rate-limited', `More than ${String(max)} requests in a window`),
  });
}
