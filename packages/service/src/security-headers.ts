import helmet from '@fastify/helmet';
import fastify, { type FastifyInstance } from 'fastify';

/** Directives added to helmet's content security policy, by name. */
export type ContentSecurity = Readonly<Record<string, string[]>>;

/** Names of headers that belong to one answer, not to all. */
const ownOfAnswers: ReadonlySet<string> = new Set([
  'content-length',
  'content-type',
  'connection',
  'date',
  'keep-alive',
]);

/** The headers that helmet would set, asked once: asking for each request costs more than all else this package does. */
async function helmetHeaders(contentSecurity: ContentSecurity): Promise<Record<string, string>> {
  const probe = fastify();
  await probe.register(helmet, {
    hsts: false,
    contentSecurityPolicy: { directives: { 'upgrade-insecure-requests': null, ...contentSecurity } },
  });
  probe.get('/', async () => '');
  const { headers } = await probe.inject('/');
  await probe.close();
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (ownOfAnswers.has(name) ? [] : [[name, String(value)]])),
  );
}

/** Sets helmet's headers on every answer; a route may replace them. No HSTS: services speak plain HTTP behind a proxy. */
export async function secureHeaders(app: FastifyInstance, contentSecurity: ContentSecurity): Promise<void> {
  const headers = await helmetHeaders(contentSecurity);
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(headers);
    done();
  });
}
