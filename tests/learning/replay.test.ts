import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordHistory } from '@charter/bench/learning-history';
import { openHistory, readPack, replayHistory, runReplay } from '@charter/replay';
import { createTestDatabase } from '@charter/store/testing';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';

const demoPack = join(import.meta.dirname, '../../deploy/packs/demo.yaml');
let folder: string;
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let exploring: string;

/** The demo pack with one thing changed. */
async function changedPack(from: string, to: string, base = demoPack): Promise<string> {
  const text = await readFile(base, 'utf8');
  expect(text).toContain(from);
  const path = join(folder, `${String(Math.random()).slice(2)}.yaml`);
  await writeFile(path, text.replace(from, to));
  return path;
}

async function replay(...args: string[]) {
  const json = join(folder, 'report.json');
  let printed = '';
  const code = await runReplay(['--database', database.url, '--json', json, ...args], {}, (text) => {
    printed += text;
  });
  return { code, printed, report: code === 2 ? null : JSON.parse(await readFile(json, 'utf8')) };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'charter-replay-test-'));
  database = await createTestDatabase(inject('postgresUrl'));
  exploring = await changedPack(
    'expected: { success: 0.7, delay: 4s }\nrung: 1',
    'expected: { success: 0.7, delay: 4s }\nexplore: true\nrung: 1',
  );
  const pack = await readPack(exploring);
  await recordHistory({ databaseUrl: database.url, pack, incidents: 400, seed: 5, days: 20 });
});
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

describe('the same policy over its own history', () => {
  test('makes no difference, also when every stage is decided again', async () => {
    const quick = await replay('--pack', exploring);
    expect(quick).toMatchObject({ code: 0, report: { different: 0, decisions: 400, recomputed: { plan: 0 } } });
    const whole = await replay('--pack', exploring, '--all');
    expect(whole).toMatchObject({ code: 0, report: { different: 0, recomputed: { plan: 400, charter: 400 } } });
    expect(whole.report.spent.before).toEqual(whole.report.spent.after);
    expect(whole.report.spent.before.acts).toBeGreaterThan(100);
    expect(whole.printed).toContain('No difference.');
  });

  test('is only looked back on as far as asked', async () => {
    const { report } = await replay('--pack', exploring, '--since', '10d');
    expect(report.decisions).toBeGreaterThan(150);
    expect(report.decisions).toBeLessThan(250);
  });
});

describe('another policy', () => {
  test('that denies an action removes it or puts another in its place, without planning the rest again', async () => {
    const stricter = await changedPack(
      'match: { actions: [BYPASS_VALIDATION], targets: [payments] }',
      'match: { actions: [RESTART_SERVICE] }',
      exploring,
    );
    const { code, report, printed } = await replay('--pack', stricter);
    expect(code).toBe(1);
    expect(report.spent.before.byAction.RESTART_SERVICE).toBeGreaterThan(10);
    expect(report.spent.after.byAction.RESTART_SERVICE).toBeUndefined();
    expect(report.byKind.removed).toBeGreaterThan(0);
    expect(report.recomputed.plan).toBeLessThan(400);
    expect(report.differences[0]).toMatchObject({ before: expect.stringContaining('RESTART_SERVICE') });
    expect(printed).toMatch(/removed \d+/);
  });

  test('that asks people changes the verdict, not the action', async () => {
    const asking = await changedPack(
      'effect: allow\n    match:',
      'effect: require-approval\n    obligations: [{ approvers: shop-sre }]\n    match:',
      exploring,
    );
    const text = await readFile(asking, 'utf8');
    await writeFile(asking, text.replace('    obligations: [{ limit: { perHour: 120, blastRadius: 50% } }]\n', ''));
    const { code, report } = await replay('--pack', asking);
    expect(code).toBe(1);
    expect(report.verdicts['sent → pending']).toBeGreaterThan(50);
    expect(report.spent.after.asksPeople).toBeGreaterThan(50);
  });
});

describe('another part of the pack', () => {
  test('a dearer remedy is planned less', async () => {
    const dear = await changedPack(
      'actions: [{ action: RESTART_SERVICE, delay: 3s',
      'actions: [{ action: RESTART_SERVICE, cost: 0.9, delay: 3s',
      exploring,
    );
    const { code, report } = await replay('--pack', dear);
    expect(code).toBe(1);
    expect(report.recomputed).toEqual({ monitor: 400, plan: 400, charter: 400 });
    expect(report.spent.after.byAction.RESTART_SERVICE).toBeLessThan(report.spent.before.byAction.RESTART_SERVICE);
  });

  test('a rule that is broken later would have raised less', async () => {
    const later = await changedPack(
      'metric: memory_ratio\nthreshold: 0.85',
      'metric: memory_ratio\nthreshold: 5',
      exploring,
    );
    const { report } = await replay('--pack', later);
    expect(report.verdicts['sent → quiet']).toBeGreaterThan(5);
  });
});

test('another number of the learner is tried on the same history', async () => {
  const settings = join(folder, 'settings.json');
  await writeFile(settings, JSON.stringify({ minConfidence: 0.9 }));
  const { code, report } = await replay('--pack', exploring, '--settings', settings);
  expect(code).toBe(1);
  expect(report.spent.after.acts).toBeLessThan(report.spent.before.acts);
  expect(report.success.before).toBeGreaterThan(0.5);
});

test('history is read on a connection that cannot write', async () => {
  const history = openHistory(database.url);
  const pack = await readPack(exploring);
  expect((await replayHistory(history, { pack, since: new Date(0) })).different).toBe(0);
  await history.close();
});

test('what cannot be told is an error, in words', async () => {
  expect(await replay('--pack', join(folder, 'nowhere.yaml'))).toMatchObject({
    code: 2,
    printed: expect.stringContaining('nowhere'),
  });
  expect(await replay()).toMatchObject({ code: 2, printed: expect.stringContaining('--pack is missing') });
  const broken = await changedPack('kind: Rule', 'kind: Rul');
  expect(await replay('--pack', broken)).toMatchObject({ code: 2 });
});
