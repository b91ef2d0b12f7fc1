import { CharterError, PageQuery, pageOf, Ulid } from '@charter/shared/contracts';
import { z } from 'zod';
import {
  buildHttp,
  createLog,
  createRegistry,
  type HttpApp,
  type HttpOptions,
  identityOf,
  role,
  ServiceConfig,
} from '../src/index.ts';

const Thing = z.object({ id: z.string(), size: z.number() });
const NewThing = z.strictObject({ size: z.number(), 'a/b': z.int().optional() });
const Change = z.union([z.strictObject({ scaleBy: z.number() }), z.strictObject({ to: z.number(), why: z.string() })]);
const ThingId = z.strictObject({ id: z.string().max(20) });

/** A small service with the routes that the tests need. */
export async function buildSample(
  options: Partial<HttpOptions> & { environment?: Record<string, string> } = {},
): Promise<HttpApp> {
  const { environment = {}, ...rest } = options;
  const config = ServiceConfig.parse({ LOG_LEVEL: 'silent', ...environment });
  return buildHttp({
    app: 'plan',
    config,
    log: createLog('plan', config),
    registry: createRegistry('plan'),
    routes: sampleRoutes,
    ...rest,
  });
}

export function sampleRoutes(http: HttpApp): void {
  const list = { querystring: PageQuery, response: { 200: pageOf(Thing) } };
  http.get('/things', { config: role('viewer'), schema: list }, async ({ query }) => ({
    items: [{ id: 'a', size: query.limit }],
    nextCursor: null,
  }));
  http.get('/things/:id', { config: role('viewer'), schema: { params: ThingId } }, async ({ params }) => {
    throw new CharterError('not-found', `No thing ${params.id}`);
  });
  const create = { body: NewThing, response: { 201: Thing } };
  http.post('/things', { config: role('operator'), schema: create }, async (request, reply) => {
    const thing = { id: identityOf(request).name, size: request.body.size, secret: 'never leaves' };
    return reply.code(201).send(thing);
  });
  http.post('/things/:id/approve', { config: role('approver'), schema: { params: ThingId } }, async () => ({}));
  const change = { params: z.strictObject({ id: Ulid }), body: z.strictObject({ change: Change }) };
  http.patch('/things/:id', { config: role('operator'), schema: change }, async ({ body }) => body.change);
  http.delete('/things/:id', { config: role('admin'), schema: { params: ThingId } }, async () => ({}));
  http.post('/run', { config: role('operator') }, async () => ({ running: true }));
  http.post('/reports', { config: { ...role('none'), anonymous: true } }, async (request) => identityOf(request));
}
