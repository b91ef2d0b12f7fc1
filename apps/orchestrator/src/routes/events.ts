import { PassThrough } from 'node:stream';
import { role } from '@charter/service';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { EventFeed } from '../adapters/event-feed.ts';

const Headers = z.looseObject({
  'last-event-id': z
    .string()
    .regex(/^\d{1,19}$/, 'is not the id of an event')
    .optional(),
});

/** Server-sent events: every timeline entry as it comes; `Last-Event-ID` goes on where a reader stopped. */
export const eventRoutes: FastifyPluginAsyncZod<{ feed: EventFeed }> = async (app, { feed }) => {
  app.get('/events', { config: role('viewer'), schema: { headers: Headers } }, async (request, reply) => {
    const stream = new PassThrough();
    const follower = await feed.follow(request.headers['last-event-id'] ?? null, (entry) => {
      stream.write(`id: ${entry.seq}\nevent: timeline\ndata: ${JSON.stringify(entry)}\n\n`);
    });
    const beat = setInterval(() => stream.write(': still here\n\n'), 15_000);
    const end = (): void => {
      clearInterval(beat);
      follower.close();
      stream.end();
    };
    request.raw.on('close', end);
    feed.onClose(end);
    reply.hijack();
    reply.raw.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    stream.pipe(reply.raw);
    stream.write(': connected\n\n');
  });
};
