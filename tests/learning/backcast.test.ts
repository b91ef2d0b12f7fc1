import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packOfPast, startPast } from '@charter/bench/learning-past';
import { runReplay } from '@charter/replay';
import { afterAll, beforeAll, expect, test } from 'vitest';

const components = 4;
const stepSeconds = 60;
let past: Awaited<ReturnType<typeof startPast>>;
let folder: string;
let pack: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'charter-backcast-test-'));
  past = await startPast({ alerts: 120, components, days: 2, seed: 3, stepSeconds });
  pack = join(folder, 'pack.yaml');
  await writeFile(pack, packOfPast(components));
});
afterAll(async () => {
  await past.stop();
  await rm(folder, { recursive: true, force: true });
});

async function backcast(...args: string[]) {
  const json = join(folder, 'report.json');
  let printed = '';
  const all = ['--prometheus', past.url, '--since', '3d', '--step', '1m', '--json', json, ...args];
  const code = await runReplay(all, {}, (text) => {
    printed += text;
  });
  return { code, printed, report: code === 2 ? null : JSON.parse(await readFile(json, 'utf8')) };
}

test('every alert of the past is an incident, with what would have been done and what went away by itself', async () => {
  const { code, report, printed } = await backcast('--pack', pack);
  expect(code).toBe(1);
  expect(report).toMatchObject({ kind: 'backcast', alerts: past.written.length, violations: past.written.length });
  const short = past.written.filter(({ from, until }) => until - from <= 600).length;
  expect(report.healedAlone).toBe(short);
  // nothing is meant for one of the five alerts
  const helped = past.written.filter(({ alertname }) => alertname !== 'ErrorsUp').length;
  expect(report.spent.after.acts).toBeGreaterThan(0);
  expect(report.spent.after.acts).toBeLessThanOrEqual(helped);
  expect(report.byKind).toEqual({ added: report.spent.after.acts });
  expect(report.spent.before.acts).toBe(0);
  expect(report.spent.after.cost).toBeGreaterThan(1);
  expect(printed).toMatch(/would have healed by themselves/);
});

test('the same pack against itself makes no difference', async () => {
  expect(await backcast('--pack', pack, '--against', pack)).toMatchObject({ code: 0, report: { different: 0 } });
});

test('a stricter one removes acts and changes verdicts', async () => {
  const stricter = join(folder, 'stricter.yaml');
  await writeFile(stricter, packOfPast(components, ['RESTART_SERVICE']));
  const { code, report } = await backcast('--pack', stricter, '--against', pack);
  expect(code).toBe(1);
  const restarts = report.spent.before.byAction.RESTART_SERVICE;
  expect(restarts).toBeGreaterThan(0);
  expect(report.byKind).toEqual({ removed: restarts });
  expect(report.verdicts).toEqual({ 'sent → denied': restarts });
  expect(report.spent.after.byAction.RESTART_SERVICE).toBeUndefined();
});

test('a Prometheus that does not answer is an error, not an empty past', async () => {
  let printed = '';
  const args = ['--pack', pack, '--prometheus', 'http://127.0.0.1:9', '--since', '1d'];
  const code = await runReplay(args, {}, (text) => {
    printed += text;
  });
  expect(code).toBe(2);
  expect(printed).toMatch(/Prometheus/);
});
