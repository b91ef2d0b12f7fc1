import { join } from 'node:path';
import type { Publisher } from '@charter/queue';
import { buildHttp, type HttpApp, type Log, type Registry, role } from '@charter/service';
import staticFiles from '@fastify/static';
import type { ConsoleConfig } from './config.ts';
import { queuePages } from './queue-pages.ts';
import { serviceProxy } from './service-proxy.ts';
import { keyOf, sessionRoutes } from './session.ts';

export interface AppDeps {
  readonly config: ConsoleConfig;
  readonly log: Log;
  readonly registry: Registry;
  readonly publisher: Publisher;
}

export function buildApp({ config, log, registry, publisher }: AppDeps): Promise<HttpApp> {
  return buildHttp({
    app: 'console',
    config,
    log,
    registry,
    tokenFrom: keyOf,
    readiness: { redis: () => publisher.ping() },
    async pages(scope) {
      await queuePages(scope, publisher);
      await serviceProxy(scope, config);
      await scope.register(async (files) => {
        // the pages hold nothing secret: they must load before somebody can sign in
        files.addHook('onRoute', (route) => {
          route.config = { ...route.config, ...role('none') };
        });
        await files.register(staticFiles, { root: join(import.meta.dirname, 'web'), cacheControl: false });
      });
    },
    async routes(app) {
      await app.register(sessionRoutes);
    },
  });
}
