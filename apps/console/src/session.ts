import { role } from '@charter/service';
import { CharterError } from '@charter/shared/contracts';
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';

const cookieName = 'charter_key';
const dayS = 86_400;

/** The key that a signed-in browser sends with every request. */
export function keyOf(request: FastifyRequest | { headers: { cookie?: string | undefined } }): string | undefined {
  const [, value] = new RegExp(`(?:^|; )${cookieName}=([^;]+)`).exec(request.headers.cookie ?? '') ?? [];
  return value === undefined ? undefined : decodeURIComponent(value);
}

const SignIn = z.strictObject({ key: z.string().min(1).max(8_000) });

/** Signing a browser in and out: the key lives in a cookie that no script can read and no other site can send. */
export const sessionRoutes: FastifyPluginAsyncZod = async (app) => {
  app.post('/session', { config: role('none'), schema: { body: SignIn } }, async ({ body }, reply) => {
    const known = await app.inject({ url: '/session', headers: { authorization: `Bearer ${body.key}` } });
    if (known.statusCode !== 200) throw new CharterError('unauthenticated', 'The key is not known');
    return reply
      .header(
        'set-cookie',
        `${cookieName}=${encodeURIComponent(body.key)}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${String(dayS)}`,
      )
      .send({ signedIn: true });
  });

  app.get('/session', { config: role('viewer') }, async ({ identity }) => ({
    name: identity?.name,
    role: identity?.role,
  }));

  app.delete('/session', { config: role('none') }, async (_request, reply) =>
    reply
      .header('set-cookie', `${cookieName}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0`)
      .send({ signedIn: false }),
  );
};
