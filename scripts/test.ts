// What `npm test` does: static checks two at a time, then every test; counted in one last line.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = dirname(import.meta.dirname);
const atOnce = 2;

interface Check {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

const checks: readonly Check[] = [
  { name: 'types', command: ['tsc', '-p', 'tsconfig.json'] },
  { name: 'lint and format', command: ['biome', 'check', '--error-on-warnings', '.'] },
  { name: 'boundaries', command: ['turbo', 'boundaries'] },
  { name: 'dead code', command: ['knip', '--no-progress', '--no-config-hints'] },
  { name: 'duplicates', command: ['jscpd', '--fail-on-empty', 'packages', 'apps', 'launcher', 'scripts'] },
];

interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

const running = new Set<ChildProcess>();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    for (const child of running) child.kill(signal);
    process.exitCode = 130;
  });
}

const count: Count = { passed: 0, failed: 0, skipped: 0 };
await runChecks(count);
await runTests(count);
const skipped = count.skipped > 0 ? `, ${String(count.skipped)} skipped` : '';
console.log(`${String(count.passed)} passed, ${String(count.failed)} failed${skipped}`);
if (count.failed > 0) process.exitCode = 1;

async function runChecks(count: Count): Promise<void> {
  const waiting = [...checks];
  const runNext = async (): Promise<void> => {
    for (let check = waiting.shift(); check; check = waiting.shift()) {
      const { code, output, seconds } = await run(check.command, 'pipe');
      if (code === 0) count.passed += 1;
      else count.failed += 1;
      console.log(`${code === 0 ? 'passed' : 'FAILED'}  ${check.name.padEnd(16)} ${seconds} s`);
      if (code !== 0) console.log(output.trimEnd());
    }
  };
  await Promise.all(Array.from({ length: atOnce }, runNext));
}

async function runTests(count: Count): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'charter-report-'));
  const report = join(folder, 'vitest.json');
  try {
    const shown = process.env.CI ? 'dot' : 'default';
    const filters = process.argv.slice(2);
    const { code, seconds } = await run(
      ['vitest', 'run', `--reporter=${shown}`, '--reporter=json', `--outputFile.json=${report}`, ...filters],
      'inherit',
    );
    const failedBefore = count.failed;
    if (existsSync(report)) addReport(count, JSON.parse(readFileSync(report, 'utf8')));
    // An error outside of any test, for instance while starting the servers.
    if (code !== 0 && count.failed === failedBefore) count.failed += 1;
    console.log(`${code === 0 ? 'passed' : 'FAILED'}  ${'tests'.padEnd(16)} ${seconds} s`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { status: string }[];
  }[];
}

function addReport(count: Count, report: VitestReport): void {
  // A file that cannot be loaded has failed without a failed test in it.
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  count.passed += report.numPassedTests;
  count.failed += report.numFailedTests + brokenFiles.length;
  count.skipped += report.numPendingTests + report.numTodoTests;
}

interface Finished {
  readonly code: number;
  readonly output: string;
  readonly seconds: string;
}

function run([command, ...args]: readonly [string, ...string[]], stdio: 'pipe' | 'inherit'): Promise<Finished> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(join(root, 'node_modules/.bin', command), args, { cwd: root, stdio: ['ignore', stdio, stdio] });
    running.add(child);
    let output = '';
    const collect = (chunk: Buffer): void => {
      output += chunk.toString('utf8');
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    child.once('error', reject);
    child.once('close', (code) => {
      running.delete(child);
      resolve({ code: code ?? 1, output, seconds: ((performance.now() - startedAt) / 1_000).toFixed(1) });
    });
  });
}
