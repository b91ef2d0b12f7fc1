import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, openSync, readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { run } from './run.ts';

/** Debian's own programs by path: another `docker` on PATH may be newer than the daemon, or have no engine at all. */
const programs = {
  docker: '/usr/bin/docker',
  compose: '/usr/bin/docker-compose',
  daemon: '/usr/sbin/dockerd',
} as const;
const packages = ['docker.io', 'docker-compose', 'debootstrap', 'iptables'];

/** A container engine of our own, apart from any other on this machine. */
export interface Engine {
  docker(args: readonly string[], signal?: AbortSignal): Promise<string>;
  compose(args: readonly string[], env: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<string>;
  readonly folder: string;
  /** Aborted when time is up. */
  readonly signal: AbortSignal;
  stop(): Promise<void>;
}

/** Installs what is missing as Debian packages. @throws Error that says what this machine lacks */
export async function installEngine(report: (line: string) => void): Promise<void> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    throw new Error('The compose test starts a container engine of its own: it needs root on Debian or one of its kin');
  }
  if ([...Object.values(programs), '/usr/sbin/debootstrap'].every((path) => existsSync(path))) return;
  report(`Installing ${packages.join(', ')}`);
  await run('apt-get', ['update', '-qq']);
  await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], {
    env: { DEBIAN_FRONTEND: 'noninteractive' },
  });
}

/** Starts dockerd with data, socket and networks of its own: no bridge besides compose's networks and no firewall rule. */
export async function startEngine(folder: string, signal: AbortSignal): Promise<Engine> {
  const socket = `unix://${join(folder, 'docker.sock')}`;
  const log = join(folder, 'output.log');
  await mkdir(folder, { recursive: true });
  const daemonLog = openSync(join(folder, 'dockerd.log'), 'a');
  const args = [
    ...['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec'), '-H', socket],
    ...['--pidfile', join(folder, 'docker.pid'), '--storage-driver', 'overlay2'],
    ...['--bridge', 'none', '--iptables=false', '--ip6tables=false', '--ip-forward=false'],
  ];
  const daemon = spawn(programs.daemon, args, { stdio: ['ignore', daemonLog, daemonLog] });
  const env = { DOCKER_HOST: socket, DOCKER_BUILDKIT: '0', COMPOSE_HTTP_TIMEOUT: '300' };
  const engine: Engine = {
    folder,
    signal,
    docker: (rest, cancel = signal) => run(programs.docker, rest, { env, logFile: log, signal: cancel }),
    compose: (rest, more, cancel = signal) =>
      run(programs.compose, rest, { env: { ...env, ...more }, logFile: log, signal: cancel }),
    stop: () => stopEngine(daemon, folder),
  };
  try {
    await untilReady(engine, daemon);
    return engine;
  } catch (error) {
    await engine.stop();
    throw error;
  }
}

async function untilReady(engine: Engine, daemon: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 60; tries += 1) {
    if (daemon.exitCode !== null) break;
    const version = await engine.docker(['info', '--format', '{{.ServerVersion}}']).catch(() => '');
    if (version.trim() !== '') return;
    await delay(500);
  }
  const said = readFileSync(join(engine.folder, 'dockerd.log'), 'utf8').trim().split('\n').slice(-5).join('\n');
  throw new Error(`dockerd does not come up:\n${said}`);
}

/** Ends the daemon, then takes away its mounts and data. */
async function stopEngine(daemon: ChildProcess, folder: string): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    if (daemon.exitCode !== null || daemon.signalCode !== null) resolve();
    else daemon.once('exit', () => resolve());
  });
  daemon.kill('SIGTERM');
  await Promise.race([ended, delay(20_000)]);
  if (daemon.exitCode === null) daemon.kill('SIGKILL');
  for (const mount of mountsUnder(folder)) await run('umount', ['--lazy', mount]).catch(() => undefined);
  await rm(folder, { recursive: true, force: true });
}

const mountsUnder = (folder: string): string[] =>
  readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .flatMap((line) => line.split(' ')[1] ?? [])
    .filter((path) => path.startsWith(`${folder}/`))
    .toReversed();
