import { httpProbe, type Probe, postgresProbe, redisProbe } from './probes.ts';
import { StackError } from './stack-error.ts';

/** Servers that already run elsewhere, by URL. */
export interface ExternalUrls {
  readonly redis?: string;
  readonly postgres?: string;
  readonly prometheus?: string;
  readonly alertmanager?: string;
}

const probes: Readonly<Record<keyof ExternalUrls, (url: string) => Probe>> = {
  redis: (url) => {
    const { hostname, port } = new URL(url);
    return redisProbe({ host: hostname, port: Number(port || 6379) });
  },
  postgres: postgresProbe,
  prometheus: (url) => httpProbe(`${url.replace(/\/$/, '')}/-/ready`),
  alertmanager: (url) => httpProbe(`${url.replace(/\/$/, '')}/-/ready`),
};

/** Throws a `StackError` naming the first of these servers that does not answer, and its flag. */
export async function assertReachable(external: ExternalUrls): Promise<void> {
  for (const name of ['redis', 'postgres', 'prometheus', 'alertmanager'] as const) {
    const url = external[name];
    if (url === undefined) continue;
    try {
      await probes[name](url)();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new StackError(`Cannot reach the server of --external-${name}: ${why}`, { cause: error });
    }
  }
}
