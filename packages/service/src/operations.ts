import { CharterError, failures } from '@charter/shared/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { exposeMetrics } from './exposition.ts';
import type { Log } from './log.ts';
import { problemFrom } from './problem.ts';
import type { Registry } from './registry.ts';
import { role } from './role.ts';
import { traceIdOf } from './trace.ts';

/** Resolves when a dependency answers. Throws why not: a CharterError's detail is shown, other messages are not. */
export type ReadinessCheck = () => Promise<void>;

interface OperationsOptions {
  readonly log: Log;
  readonly registry: Registry;
  readonly readiness: Readonly<Record<string, ReadinessCheck>>;
  readonly readinessTimeoutMs: number;
}

type Reason = string | null;

function reasonFrom(error: unknown): string {
  if (error instanceof CharterError) return error.message;
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return 'did not answer';
}

async function within(check: ReadinessCheck, timeoutMs: number): Promise<void> {
  const deadline = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => deadline.reject(new CharterError('upstream-unavailable', `no answer within ${String(timeoutMs)} ms`)),
    timeoutMs,
  );
  try {
    await Promise.race([check(), deadline.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** `/health`, `/ready`, `/-/healthy`, `/-/ready`, `/metrics`: open to all, so that probes need no key. */
export const operationRoutes: FastifyPluginAsyncZod<OperationsOptions> = async (app, options) => {
  const { log, registry, readiness, readinessTimeoutMs } = options;
  let isDraining = false;
  app.addHook('preClose', async () => {
    isDraining = true;
  });

  async function reasonOf(name: string, check: ReadinessCheck): Promise<[string, Reason]> {
    try {
      await within(check, readinessTimeoutMs);
      return [name, null];
    } catch (error) {
      log.warn({ dependency: name, err: error }, 'dependency is not ready');
      return [name, reasonFrom(error)];
    }
  }

  async function answerReady(request: FastifyRequest, reply: FastifyReply) {
    const reasons = await Promise.all(Object.entries(readiness).map(([name, check]) => reasonOf(name, check)));
    if (isDraining) reasons.push(['service', 'is shutting down']);
    const dependencies = Object.fromEntries(
      reasons.map(([name, reason]) => [name, reason === null ? { ready: true } : { ready: false, reason }]),
    );
    const errors = reasons.flatMap(([name, reason]) =>
      reason === null ? [] : [{ pointer: `/dependencies/${name}`, detail: reason }],
    );
    if (errors.length === 0) return reply.send({ status: 'ready', dependencies });
    const detail = reasons.flatMap(([name, reason]) => (reason === null ? [] : [`${name}: ${reason}`])).join('; ');
    const failure = new CharterError('upstream-unavailable', detail, { errors });
    const problem = problemFrom(failure, { instance: request.url, traceId: traceIdOf(request) });
    return reply
      .code(failures['upstream-unavailable'].status)
      .type('application/problem+json')
      .send(JSON.stringify({ ...problem, dependencies }));
  }

  const open = (summary: string) => ({
    config: role('none'),
    schema: { summary, tags: ['operations'], querystring: z.looseObject({}) },
  });
  const healthy = async () => ({ status: 'healthy' });
  app.get('/health', open('Alive; touches nothing'), healthy);
  app.get('/-/healthy', open('Alive; touches nothing'), healthy);
  app.get('/ready', open('Ready, or why not, per dependency'), answerReady);
  app.get('/-/ready', open('Ready, or why not, per dependency'), answerReady);
  app.get('/metrics', open('Metrics, in the text format of Prometheus or OpenMetrics'), async (request, reply) => {
    const { contentType, text } = await exposeMetrics(registry, request.headers.accept);
    return reply.type(contentType).send(text);
  });
};
