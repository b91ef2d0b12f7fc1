import { once } from 'node:events';
import { createLeakyServer } from './leaky-server.ts';

/** The process that is supervised. It tells its supervisor the port once it listens, and has no signal handler. */
const server = createLeakyServer({
  leakMebibytesPerSecond: Number(process.env.LEAK_MEBIBYTES_PER_SECOND ?? 20),
  leakLimitMebibytes: Number(process.env.LEAK_LIMIT_MEBIBYTES ?? 300),
  memory: () => process.memoryUsage(),
  startedAtSeconds: (performance.timeOrigin + performance.now() - process.uptime() * 1000) / 1000,
});
server.listen(Number(process.env.LEAKY_PORT ?? 8020), '127.0.0.1');
await once(server, 'listening');
const address = server.address();
if (address !== null && typeof address === 'object') process.send?.({ port: address.port });
// Without its supervisor it has no reason to live.
process.on('disconnect', () => process.exit(0));
