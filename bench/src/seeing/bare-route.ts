import fastify from 'fastify';

// What acknowledging costs when nothing is done: fastify reads the body and drops it. Run as a process of its own.
const app = fastify({ bodyLimit: 32 * 1024 * 1024 });
app.post('/webhooks/alerts', (_request, reply) => reply.code(202).send({ accepted: 0 }));
app.get('/health', (_request, reply) => reply.send({ status: 'healthy' }));
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) });
