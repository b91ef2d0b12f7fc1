// Runs once before Prometheus and Alertmanager in the compose file: renders their configuration for the compose network.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { composeAddress, scrapingReplicas } from './compose-addresses.ts';
import { alertmanagerConfig, prometheusConfig, targetsFrom } from './server-configs.ts';

const keys = process.env.CHARTER_KEYS_DIR ?? '/charter/keys';
const folder = process.env.CHARTER_CONFIG_DIR ?? '/charter/config';

const monitorApiKey = await readFile(join(keys, 'issued/alertmanager'), 'utf8');
const prometheus = await prometheusConfig(composeAddress, '/etc/prometheus/rules');
await put('prometheus', scrapingReplicas(prometheus).replaceAll('targets/*.yml', '/etc/prometheus/targets/*.yml'));
await put('alertmanager', await alertmanagerConfig(composeAddress, { ...targetsFrom(process.env), monitorApiKey }));

/** Each on a volume of its own, mounted by nobody but its server, which runs as another user. */
async function put(server: string, content: string): Promise<void> {
  await mkdir(join(folder, server), { recursive: true });
  await writeFile(join(folder, server, `${server}.yml`), content, { mode: 0o644 });
  process.stdout.write(`Rendered ${server}.yml\n`);
}
