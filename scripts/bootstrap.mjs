// Runs on the Node that happens to be there (20 or newer) with nothing installed: gets the dependencies and a Node 24, then hands over.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const neededMajor = 24;

const targets = {
  start: () => ['scripts/start.ts'],
  test: () => ['scripts/test.ts'],
  charter: () => ['scripts/charter.ts'],
  bench: (name) => ['bench/src/run.ts', ...(name ? [name] : [])],
  replay: () => ['replay/src/run.ts'],
  simulate: () => ['simulation/src/run.ts'],
};

try {
  const [command = '', ...args] = process.argv.slice(2);
  const [kind, name] = command.split(':');
  const target = targets[kind];
  if (!target)
    throw new Error('Usage: node scripts/bootstrap.mjs start|test|charter|bench[:name]|replay|simulate [-- args]');
  await install();
  const rest = args[0] === '--' ? args.slice(1) : args;
  process.exitCode = await run(findNode(), [...target(name), ...rest]);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

/** Installs exactly what package-lock.json says, unless that is what is there. Two at once: the second waits. */
async function install() {
  if (isInstalled()) return;
  const lock = join(root, '.charter', 'install.lock');
  await takeLock(lock);
  try {
    if (!isInstalled()) await npmCi();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** Compares the lock file with the one npm leaves in node_modules once everything is in place. */
function isInstalled() {
  const wanted = readJson(join(root, 'package-lock.json'))?.packages;
  const present = readJson(join(modules, '.package-lock.json'))?.packages;
  if (!wanted) throw new Error(`No package-lock.json in ${root}`);
  if (!present) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.includes('node_modules/')) return true;
    const found = present[path];
    if (!found) return Boolean(entry.optional || entry.devOptional || entry.peer);
    return found.version === entry.version && found.resolved === entry.resolved && existsSync(join(root, path));
  });
}

function readJson(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

async function takeLock(file) {
  mkdirSync(dirname(file), { recursive: true });
  for (let told = false; ; ) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const holder = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
    if (holder && !isAlive(holder)) rmSync(file, { force: true });
    else if (!told) console.log(`Waiting for another install in this checkout (pid ${holder})`);
    told = true;
    await delay(300);
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

async function npmCi() {
  const startedAt = Date.now();
  const seconds = () => Math.round((Date.now() - startedAt) / 1000);
  console.log('Installing dependencies with npm ci (once)');
  const ticker = setInterval(() => console.log(`  still installing, ${seconds()} s`), 10_000);
  const npm = process.env.npm_execpath;
  const [command, first] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  try {
    const code = await spawned(command, [...first, 'ci', '--loglevel=error', '--no-audit', '--no-fund'], process.env);
    if (code !== 0) throw new Error(`npm ci failed (exit code ${code}): see its message above`);
  } finally {
    clearInterval(ticker);
  }
  console.log(`Installed in ${seconds()} s`);
}

/** This Node when it is new enough, else the one npm brought. */
function findNode() {
  if (major(process.versions.node) >= neededMajor) return process.execPath;
  const brought = join(modules, `node-${process.platform}-${process.arch}`, 'bin', 'node');
  const version = spawnSync(brought, ['--version'], { encoding: 'utf8' }).stdout?.trim().replace(/^v/, '') ?? '';
  if (major(version) >= neededMajor) return brought;
  throw new Error(
    `Charter needs Node ${neededMajor} or newer. This is ${process.version}, and npm has none that runs here (${process.platform} ${process.arch}): install it from https://nodejs.org`,
  );
}

function major(version) {
  return Number(version.split('.')[0]);
}

function run(node, args) {
  const path = [dirname(node), process.env.PATH ?? ''].join(delimiter);
  return spawned(node, args, {
    ...process.env,
    PATH: [join(modules, '.bin'), path].join(delimiter),
    TURBO_TELEMETRY_DISABLED: '1',
    // What every service compiles at its start, the next start finds done: half of its time until ready.
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(root, '.charter', 'compile-cache'),
  });
}

/** Runs to the end with our terminal and passes our signals on; answers the exit code. */
function spawned(command, args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env, stdio: 'inherit' });
    const forward = (signal) => child.kill(signal);
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, forward);
    child.once('error', (error) => reject(new Error(`Cannot run ${command}: ${error.message}`)));
    child.once('close', (code, signal) => {
      for (const name of signals) process.off(name, forward);
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}
