// Builds and runs docker-compose.yml on a real container engine, heals one fault through the published ports, scales a stage, and
// takes everything away again. Grafana is left out: no image of it can be made here.
//
//   npm run test:compose -- --images FILE    keeps the base images in FILE, so that the next run need not make them
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { freePort } from '@charter/stack';
import { buildCharterImage, provideBaseImages } from './compose/base-images.ts';
import { type Engine, installEngine, startEngine } from './compose/engine.ts';
import { ask, healOneFault, type Published, until } from './compose/heal.ts';

const root = dirname(import.meta.dirname);
const deadlineMs = 30 * 60_000;
const { images: archive } = parseArgs({ options: { images: { type: 'string' } } }).values;
const published = [
  'charter',
  'orchestrator',
  'monitor',
  'knowledge',
  'console',
  'testbed',
  'prometheus',
  'alertmanager',
];
const unpublished = ['postgres', 'redis', 'analyze', 'plan', 'execute', 'demo'];

const started = performance.now();
const report = (line: string): void => {
  console.log(`${((performance.now() - started) / 1_000).toFixed(0).padStart(4)} s  ${line}`);
};
const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupted.abort());
const signal = AbortSignal.any([interrupted.signal, AbortSignal.timeout(deadlineMs)]);

try {
  await installEngine(report);
  const engine = await startEngine(mkdtempSync(join(tmpdir(), 'charter-compose-')), signal);
  try {
    await testOn(engine);
    report('passed');
  } finally {
    await engine.stop();
    report('The engine, its networks and its data are gone');
  }
} catch (error) {
  report(`FAILED: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

async function testOn(engine: Engine): Promise<void> {
  await provideBaseImages(engine, archive, report);
  report('Building the image of Charter');
  await buildCharterImage(engine);
  const ports = new Map<string, number>();
  for (const name of published) ports.set(name, await freePort());
  const environment = Object.fromEntries(
    [...ports].map(([name, port]) => [`CHARTER_PUBLISH_${name.toUpperCase()}`, String(port)]),
  );
  const compose = (args: readonly string[], cancel?: AbortSignal): Promise<string> =>
    engine.compose(
      [
        '--project-name',
        'charter-test',
        '--project-directory',
        root,
        '--file',
        join(root, 'docker-compose.yml'),
        ...args,
      ],
      environment,
      cancel,
    );
  try {
    report('Starting the stack');
    await compose(['up', '--detach', '--no-build', ...published, ...unpublished]);
    await untilHealthy(engine);
    report('Every container is healthy');
    const apiKey = (await compose(['run', '--rm', 'keys', 'launcher/src/compose-keys.ts', 'show', 'admin'])).trim();
    const stack: Published = { url: (name) => `http://127.0.0.1:${String(ports.get(name))}`, apiKey };
    await assertClosed(stack);
    await assertHardened(engine);
    await healOneFault(stack, report);
    await compose(['up', '--detach', '--no-build', '--scale', 'analyze=3', 'analyze']);
    await until('three replicas of analyze in Prometheus', 90_000, async () => {
      const query = encodeURIComponent('sum(up{job="charter",service="analyze"})');
      const answer = await ask<{ data: { result: Array<{ value: [number, string] }> } }>(
        stack,
        'prometheus',
        `/api/v1/query?query=${query}`,
      );
      return answer.data.result[0]?.value[1] === '3' ? answer : undefined;
    });
    report('analyze runs three times, and Prometheus reads each');
  } catch (error) {
    const logs = await compose(['logs', '--no-color', '--tail', '15'], AbortSignal.timeout(30_000)).catch(() => '');
    console.log(logs);
    throw error;
  } finally {
    await compose(['down', '--volumes', '--timeout', '10'], AbortSignal.timeout(120_000)).catch((error: Error) =>
      report(error.message),
    );
  }
}

/** All containers that have a health check say that they are well, and the one-shots ended well. */
async function untilHealthy(engine: Engine): Promise<void> {
  await until('all containers to be healthy', 300_000, async () => {
    const lines = (await engine.docker(['ps', '--all', '--format', '{{.Names}}: {{.Status}}'])).trim().split('\n');
    const waiting = lines.filter((line) => !line.includes('(healthy)') && !line.includes('Exited (0)'));
    if (waiting.length > 0) throw new Error(waiting.join(', '));
    return lines;
  });
}

/** Nothing answers without a key. */
async function assertClosed({ url }: Published): Promise<void> {
  for (const [name, path] of [
    ['charter', '/api/v1/policies'],
    ['testbed', '/api/v1/state'],
  ] as const) {
    const { status } = await fetch(`${url(name)}${path}`);
    if (status !== 401) throw new Error(`${name}${path} answers ${String(status)} without a key`);
  }
  report('Nothing answers without a key');
}

interface Inspected {
  readonly Name: string;
  readonly Config: { readonly User: string };
  readonly HostConfig: { readonly ReadonlyRootfs: boolean; readonly CapDrop: readonly string[] | null };
}

async function assertHardened(engine: Engine): Promise<void> {
  const ids = (await engine.docker(['ps', '--all', '--quiet'])).trim().split('\n');
  for (const { Name, Config, HostConfig } of JSON.parse(await engine.docker(['inspect', ...ids])) as Inspected[]) {
    const isHardened =
      !['', '0', 'root'].includes(Config.User) && HostConfig.ReadonlyRootfs && HostConfig.CapDrop?.includes('ALL');
    if (!isHardened) throw new Error(`${Name} runs as ${Config.User || 'root'} or may write or do too much`);
  }
  report('No container is root, writes to its image or keeps a capability');
}
