import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Engine } from './engine.ts';
import { run } from './run.ts';

const root = dirname(dirname(import.meta.dirname));
const release = 'bookworm';
const mirror = 'http://deb.debian.org/debian';
const authorities = '/etc/ssl/certs/ca-certificates.crt';

const tags = {
  node: 'node:24-bookworm-slim',
  postgres: 'postgres:17-bookworm',
  redis: 'redis:7.4-bookworm',
  prometheus: 'prom/prometheus:v2.55.1',
  alertmanager: 'prom/alertmanager:v0.27.0',
} as const;

/**
 * Base images from `archive`, which is made first when it does not exist: making them takes minutes, and they do not change with
 * the code. Without an archive they are made and gone with the engine.
 */
export async function provideBaseImages(
  engine: Engine,
  archive: string | undefined,
  report: (line: string) => void,
): Promise<void> {
  if (archive !== undefined && existsSync(archive)) {
    report(`Base images: from ${archive}`);
    await engine.docker(['load', '--quiet', '--input', archive]);
    return;
  }
  await makeBaseImages(engine, report);
  if (archive !== undefined) await engine.docker(['save', '--output', archive, ...Object.values(tags)]);
}

/** Made here under the tags that the Dockerfile and the compose file name, because no registry can be reached. Grafana is in no package. */
async function makeBaseImages(engine: Engine, report: (line: string) => void): Promise<void> {
  report('Base image: Debian, from debootstrap');
  const system = join(engine.folder, 'rootfs');
  await run('debootstrap', ['--variant=minbase', '--include=ca-certificates', release, system, mirror], {
    signal: engine.signal,
  });
  // Nobody needs these files after a crash: without this, packages are unpacked many times slower.
  await writeFile(join(system, 'etc/dpkg/dpkg.cfg.d/unsafe'), 'force-unsafe-io\n');
  await run('sh', ['-c', 'tar -C "$1" -c . | "$2" import - debian:local', 'sh', system, '/usr/bin/docker'], {
    signal: engine.signal,
    env: { DOCKER_HOST: `unix://${join(engine.folder, 'docker.sock')}` },
  });
  report('Base image: Node, from npm');
  await makeNodeImage(engine);
  report('Base images: Postgres, Redis, Prometheus, Alertmanager, from Debian packages');
  await makeServerImages(engine);
}

async function makeNodeImage(engine: Engine): Promise<void> {
  const npm = dirname(dirname((await run('readlink', ['-f', (await run('which', ['npm'])).trim()])).trim()));
  const context = await contextFor(engine, 'node', [
    'FROM debian:local',
    'COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt',
    'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt',
    'COPY node /usr/local/bin/node',
    'COPY npm /usr/local/lib/node_modules/npm',
    'RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && useradd --create-home --uid 1000 node',
  ]);
  await copyFile(authorities, join(context, 'ca-certificates.crt'));
  await copyFile(process.execPath, join(context, 'node'));
  await cp(npm, join(context, 'npm'), { recursive: true, verbatimSymlinks: true });
  await build(engine, tags.node, context);
}

async function makeServerImages(engine: Engine): Promise<void> {
  const install = 'apt-get update -qq && apt-get install -y -qq --no-install-recommends';
  const servers = 'redis-server redis-tools postgresql-15 prometheus prometheus-alertmanager busybox';
  await build(
    engine,
    'servers:local',
    await contextFor(engine, 'servers', [
      'FROM debian:local',
      'ENV DEBIAN_FRONTEND=noninteractive PATH=/usr/lib/postgresql/15/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      `RUN ${install} ${servers} && ln -s /bin/busybox /usr/bin/wget`,
      'RUN rm -rf /data /prometheus /alertmanager /var/lib/postgresql/data && mkdir -p /data /prometheus /alertmanager /var/lib/postgresql/data',
      'RUN chown redis /data && chown nobody /prometheus /alertmanager && chown postgres /var/lib/postgresql/data',
    ]),
  );
  await build(engine, tags.redis, await contextFor(engine, 'redis', ['FROM servers:local', 'WORKDIR /data']));
  await build(
    engine,
    tags.prometheus,
    await contextFor(engine, 'prometheus', ['FROM servers:local', 'ENTRYPOINT ["/usr/bin/prometheus"]']),
  );
  await build(
    engine,
    tags.alertmanager,
    await contextFor(engine, 'alertmanager', ['FROM servers:local', 'ENTRYPOINT ["/usr/bin/prometheus-alertmanager"]']),
  );
  const postgres = await contextFor(engine, 'postgres', [
    'FROM servers:local',
    'ENV PGDATA=/var/lib/postgresql/data',
    // As in the official image: what is mounted there takes over the mode.
    'RUN chmod 1777 /run/postgresql',
    'COPY entrypoint.sh /entrypoint.sh',
    'ENTRYPOINT ["sh", "/entrypoint.sh"]',
  ]);
  await copyFile(join(import.meta.dirname, 'postgres-entrypoint.sh'), join(postgres, 'entrypoint.sh'));
  await build(engine, tags.postgres, postgres);
}

/** The image of Charter itself, from the checkout as it is. */
export const buildCharterImage = (engine: Engine): Promise<string> => build(engine, 'charter:local', root);

const build = (engine: Engine, tag: string, context: string): Promise<string> =>
  engine.docker(['build', '--network', 'host', '--tag', tag, context]);

async function contextFor(engine: Engine, name: string, dockerfile: readonly string[]): Promise<string> {
  const context = join(engine.folder, 'contexts', name);
  await mkdir(context, { recursive: true });
  await writeFile(join(context, 'Dockerfile'), `${dockerfile.join('\n')}\n`);
  return context;
}
