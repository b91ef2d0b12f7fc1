import type { HttpApp } from '@charter/service';
import proxy from '@fastify/http-proxy';
import type { FastifyInstance } from 'fastify';
import type { ConsoleConfig } from './config.ts';
import { keyOf } from './session.ts';

/** `/api/<service>/…` answers as `/api/v1/…` of that service, with the caller's own key: the service decides what it may do. */
export async function serviceProxy(app: HttpApp, config: ConsoleConfig): Promise<void> {
  const services = {
    charter: config.CHARTER_URL,
    orchestrator: config.ORCHESTRATOR_URL,
    monitor: config.MONITOR_URL,
    analyze: config.ANALYZE_URL,
    plan: config.PLAN_URL,
    execute: config.EXECUTE_URL,
    knowledge: config.KNOWLEDGE_URL,
  };
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers(); // bodies pass through as they came
    for (const [name, upstream] of Object.entries(services)) await proxyTo(scope, name, upstream);
  });
}

async function proxyTo(app: FastifyInstance, name: string, upstream: string): Promise<void> {
  await app.register(proxy, {
    upstream,
    prefix: `/api/${name}`,
    rewritePrefix: '/api/v1',
    httpMethods: ['GET', 'POST', 'PATCH', 'PUT', 'DELETE'],
    disableRequestLogging: true,
    replyOptions: {
      rewriteRequestHeaders(request, headers) {
        const { cookie: _cookie, host: _host, origin: _origin, ...kept } = headers;
        const key = keyOf(request);
        return key === undefined || kept.authorization !== undefined
          ? kept
          : { ...kept, authorization: `Bearer ${key}` };
      },
    },
  });
}
