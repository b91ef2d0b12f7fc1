import { startSupervisor } from './supervisor.ts';

const shift = Number(process.env.CHARTER_PORT_BASE ?? 0);
const supervisor = await startSupervisor({
  port: Number(process.env.SUPERVISOR_PORT ?? 8021 + shift),
  serverPort: Number(process.env.LEAKY_PORT ?? 8020 + shift),
  environment: process.env,
});
process.stdout.write(`leaky server at ${supervisor.serverUrl}, its supervisor at ${supervisor.url}\n`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    void supervisor.close().then(() => process.exit(0));
  });
}
