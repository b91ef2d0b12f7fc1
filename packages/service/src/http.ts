import type { IncomingMessage, ServerResponse } from 'node:http';
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyServerOptions,
  LogController,
  type RawServerDefault,
} from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import manifest from '../package.json' with { type: 'json' };
import { authenticate, type TokenSource } from './authentication.ts';
import type { AppName, ServiceConfig } from './config.ts';
import { answerBrokenRequest, answerFailures, sendProblem } from './failures-edge.ts';
import { measureRequests } from './http-metrics.ts';
import { spanRequests } from './http-spans.ts';
import type { Log } from './log.ts';
import { documentApi } from './openapi.ts';
import { operationRoutes, type ReadinessCheck } from './operations.ts';
import type { Registry } from './registry.ts';
import { type ContentSecurity, secureHeaders } from './security-headers.ts';
import { childTraceparent, traceIdOf } from './trace.ts';
import { tracingOf } from './tracing.ts';
import { refuseUndeclared, requireStrictSchemas, serializerCompiler, validatorCompiler } from './validation.ts';

/** A service's HTTP side; `app.inject` reaches it without a port. */
export type HttpApp = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

export interface HttpOptions {
  readonly app: AppName;
  readonly config: ServiceConfig;
  readonly log: Log;
  readonly registry: Registry;
  /** Registers the app's routes: `app.register(planRoutes, { prefix: '/api/v1', planLog })`. */
  readonly routes: (app: HttpApp) => unknown;
  /**
   * Third-party pages whose routes name no role: reading them needs `viewer`, everything else `operator`.
   * They are neither in the OpenAPI document nor checked for strict schemas.
   */
  readonly pages?: (app: HttpApp) => unknown;
  /** Where a caller's key or token comes from when there is no `Authorization` header, such as a browser's cookie. */
  readonly tokenFrom?: TokenSource;
  /** Dependencies that `/ready` asks, by name. */
  readonly readiness?: Readonly<Record<string, ReadinessCheck>>;
  /** Media types besides JSON whose bodies reach the handler as text, such as `application/yaml`. */
  readonly textTypes?: readonly string[];
  /** Largest body taken, in bytes. */
  readonly bodyLimitBytes?: number;
  /** Directives added to the content security policy, for services that serve pages. */
  readonly contentSecurity?: ContentSecurity;
}

const limits = {
  bodyBytes: 1024 * 1024,
  /** To receive a request, and to answer it. Streams `reply.hijack()`, which ends the second. */
  requestMs: 15_000,
  handlerMs: 15_000,
  connections: 4096,
  parameterLength: 256,
  readinessMs: 2000,
  /** How long close waits for requests in flight before it cuts their connections. */
  drainMs: 5000,
};

function parseBodies(app: HttpApp, textTypes: readonly string[]): void {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parseJson(request, body, done);
  });
  for (const type of textTypes) {
    app.addContentTypeParser<string>(type, { parseAs: 'string' }, (_request, body, done) => done(null, body));
  }
}

/** `request.log` names the trace rather than the span. */
const bindTrace: NonNullable<FastifyServerOptions['childLoggerFactory']> = (logger, { traceparent }, options) =>
  logger.child({ traceId: String(traceparent).slice(3, 35) }, options);

function traceRequests(app: HttpApp, log: Log): void {
  app.addHook('onRequest', async (request, reply) => {
    if (!request.routeOptions.config.anonymous) reply.header('traceparent', request.id);
  });
  app.addHook('onResponse', async (request, reply) => {
    const { config, url } = request.routeOptions;
    if (config.anonymous || !log.isLevelEnabled('debug')) return;
    const { method, identity } = request;
    log.debug(
      { traceId: traceIdOf(request), method, route: url, status: reply.statusCode, by: identity?.name },
      'answered',
    );
  });
}

/** While closing, answers end their connections; what still runs after a while is cut off. */
function drainOnClose(app: HttpApp): void {
  let isDraining = false;
  app.addHook('preClose', async () => {
    isDraining = true;
    setTimeout(() => app.server.closeAllConnections(), limits.drainMs).unref();
  });
  app.addHook('onSend', async (_request, reply) => {
    if (isDraining) reply.header('connection', 'close');
  });
}

async function mountPages(app: HttpApp, pages: (scope: HttpApp) => unknown): Promise<void> {
  await app.register(async (scope) => {
    scope.addHook('onRoute', (route) => {
      const reads = [route.method].flat().every((method) => method === 'GET' || method === 'HEAD');
      route.config = { role: reads ? 'viewer' : 'operator', page: true, ...route.config };
      route.schema = { hide: true, ...route.schema };
    });
    await pages(scope as unknown as HttpApp);
  });
}

/** Every route names a role and refuses unknown fields, or the service does not start. */
function checkRoutes(app: HttpApp): void {
  app.addHook('onRoute', (route) => {
    if (route.config?.role === undefined) {
      throw new Error(`${String(route.method)} ${route.url} names no role: add config: role('viewer')`);
    }
    requireStrictSchemas(route);
  });
}

/**
 * Builds a service's HTTP side, ready to inject or listen: problem+json for every failure, zod for every schema,
 * roles for every route, `/health`, `/ready`, `/metrics`, `/openapi.json`, `/docs`.
 * Throws when a route names no role, when a schema would drop unknown fields, or when the configuration is wrong.
 */
export async function buildHttp(options: HttpOptions): Promise<HttpApp> {
  const { app: service, config, log, registry, readiness = {} } = options;
  const app: HttpApp = fastify({
    loggerInstance: log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'traceparent' }),
    childLoggerFactory: bindTrace,
    bodyLimit: options.bodyLimitBytes ?? limits.bodyBytes,
    requestTimeout: limits.requestMs,
    handlerTimeout: limits.handlerMs,
    return503OnClosing: false,
    routerOptions: { maxParamLength: limits.parameterLength },
    requestIdHeader: false,
    genReqId: (request) => childTraceparent(request.headers.traceparent?.toString()),
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: sendProblem,
  }).withTypeProvider<ZodTypeProvider>();
  app.server.maxConnections = limits.connections;
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  parseBodies(app, options.textTypes ?? []);
  answerFailures(app);
  traceRequests(app, log);
  const tracing = await tracingOf(service, config);
  if (tracing) spanRequests(app, tracing);
  measureRequests(app, service, registry);
  await secureHeaders(app, options.contentSecurity ?? {});
  await authenticate(app, config, options.tokenFrom);
  app.addHook('preValidation', refuseUndeclared);
  drainOnClose(app);
  await documentApi(app, service, manifest.version);
  if (options.pages) await mountPages(app, options.pages);
  await app.register(operationRoutes, { log, registry, readiness, readinessTimeoutMs: limits.readinessMs });
  checkRoutes(app);
  await options.routes(app);
  await app.ready();
  return app;
}
