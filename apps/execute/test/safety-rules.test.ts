import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRegistry } from '@charter/service';
import type { Approval } from '@charter/shared/contracts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { openBudgets } from '../src/adapters/budget-records.ts';
import { pauseFile } from '../src/adapters/pause-file.ts';
import { isProtectedTarget } from '../src/domain/protection.ts';
import { defaultSettings } from '../src/domain/settings.ts';
import { createExecuteMetrics } from '../src/metrics.ts';
import {
  type ActionDraft,
  approvalFrom,
  type PlanDraft,
  planFrom,
  targetFrom,
  violated,
  violationFrom,
} from './drafts.ts';
import { createHarness, type Executor, type ExecutorOptions, type Harness } from './harness.ts';
import { startTarget, type TargetServer } from './target-server.ts';

const requests = {
  SCALE_UP: { method: 'PUT', path: '/settings', body: { replicas: '{replicas}' } },
  RESTART_SERVICE: { method: 'POST', path: '/restart' },
};
const readBack = { path: '/state', pointer: '/settings/replicas' };
const scaleTo = (replicas: number): ActionDraft => ({ action: 'SCALE_UP', parameters: { replicas }, target: 'web' });
const fingerprint = 'a'.repeat(32);
/** The same kind of target that is not Charter's. */
const elsewhere = (effector: { url: string; object?: { kind: string; name: string } }) =>
  effector.object
    ? { object: { ...effector.object, name: 'orders' } }
    : { url: effector.url.replace(/:\d+$/, ':1234') };

describe('safety rules of the architecture', { timeout: 60_000 }, () => {
  let harness: Harness;
  let target: TargetServer;
  let executor: Executor | null = null;

  beforeAll(async () => {
    harness = await createHarness(inject('postgresUrl'));
  });
  afterAll(() => harness.close());
  beforeEach(async () => {
    target = await startTarget(true);
    harness.targets.clear();
    setTarget('web');
    Object.assign(harness.world.says, {
      permit: {},
      decision: {},
      values: { latency: () => (target.effects.length > 0 ? 0.1 : 2) },
      warnings: [],
      prometheus: 'answers',
      violations: [],
    });
    harness.state.isPausedHere = false;
    harness.state.isPackKnown = true;
    for (const table of ['budget', 'failure', 'target_lease'] as const)
      await harness.store.db.deleteFrom(table).execute();
    await harness.store.db.updateTable('storm_brake').set({ pulled_at: null, calm_since: null }).execute();
  });
  afterEach(async () => {
    await executor?.close();
    executor = null;
    await target.close();
  });

  const setTarget = (name: string, rest: Record<string, unknown> = {}): void => {
    harness.targets.set(
      name,
      targetFrom(name, { kind: 'http', url: target.url, keyed: true, requests, readBack }, rest),
    );
  };
  const run = async (
    draft: Partial<PlanDraft> = {},
    { approval = {}, ...options }: ExecutorOptions & { approval?: Partial<Approval> } = {},
  ) => {
    executor ??= harness.startExecutor(options);
    const plan = planFrom({ actions: [scaleTo(6)], ...draft });
    if (plan.approval === 'approved') harness.world.says.approvals.push(approvalFrom(plan, approval));
    const id = await harness.submit(plan);
    return { plan, id };
  };
  const expectRefused = async (
    { plan, id }: Awaited<ReturnType<typeof run>>,
    gate: string,
    disposition = 'refused',
  ) => {
    expect(await harness.ended(id)).toMatchObject({
      state: 'failed',
      disposition,
      reason: expect.stringContaining(`Refused by ${gate}`),
    });
    expect(target.attempts).toBe(0);
    expect(await harness.outcomes(plan.id)).toMatchObject([{ executed: false, disposition, rolledBack: false }]);
    const ended = (await harness.timeline(plan.incidentId)).find(({ event }) => event === 'plan-ended');
    expect(ended?.data).toMatchObject({ gate });
  };
  const expectHealed = async ({ id }: { id: string }) =>
    expect(await harness.ended(id)).toMatchObject({ state: 'completed', outcome_type: 'success' });

  test('without any of the reasons below a plan is carried out', async () => {
    const healing = await run();
    await expectHealed(healing);
    expect(target.effects).toHaveLength(1);
    expect((await harness.timeline(healing.plan.incidentId)).map(({ event }) => event)).toEqual([
      'execution-started',
      'step-started',
      'step-completed',
      'verifying',
      'verified',
    ]);
    expect((await harness.journal(healing.id)).map(({ kind }) => kind)).toEqual([
      'intent',
      'started',
      'result',
      'verdict',
      'ended',
    ]);
  });

  describe('1: observe is the default', () => {
    test('a plan in mode observe does nothing and says what it would have done', async () => {
      await expectRefused(await run({ mode: 'observe' }), 'mode', 'observed');
    });
    test('a decision that takes automation back to observe stops a plan that had auto', async () => {
      harness.world.says.decision = { automation: 'observe' };
      await expectRefused(await run(), 'charter');
    });
    test('an automation of approve lets only approved plans through', async () => {
      harness.world.says.decision = { automation: 'approve' };
      await expectRefused(await run(), 'charter');
      await expectHealed(await run({ mode: 'approve', approval: 'approved' }));
    });
    test.each(['pending', 'rejected', 'expired'] as const)(
      'a plan whose approval is %s does nothing',
      async (approval) => {
        await expectRefused(await run({ approval }), 'approval', approval === 'pending' ? 'refused' : approval);
      },
    );
  });

  test('a plan that arrives before there is any pack waits for it, and is not refused for a target nobody knows yet', async () => {
    let looks = 0;
    const metrics = createExecuteMetrics(createRegistry('execute'));
    const heartbeat = () => {
      looks += 1;
    };
    executor = harness.startExecutor({ deps: { metrics: { ...metrics, heartbeat } } });
    harness.state.isPackKnown = false;
    harness.targets.clear();
    const waiting = await run();
    const looksBefore = looks;
    await expect.poll(() => looks).toBeGreaterThan(looksBefore + 2);
    setTarget('web');
    harness.state.isPackKnown = true;
    await expectHealed(waiting);
    expect(target.effects).toHaveLength(1);
  });

  test('2: a plan that does nothing is a plan, and has no effect', async () => {
    await expectRefused(await run({ actions: [] }), 'plan', 'null-plan');
  });

  describe('3: budgets, cool-down, brake and breaker', () => {
    test('the budget of a target in actions an hour', async () => {
      setTarget('web', { limits: { actionsPerHour: 1 } });
      await expectHealed(await run());
      target.effects.length = 0;
      const { id } = await run({ actions: [scaleTo(7)] });
      expect(await harness.ended(id)).toMatchObject({ reason: expect.stringContaining('actions:target:web') });
    });
    test.each([
      ['risk:target:web', { risk: { target: 0.01, group: 9, global: 9 }, actions: defaultSettings.budget.actions }],
      ['risk:group:shop', { risk: { target: 9, group: 0.01, global: 9 }, actions: defaultSettings.budget.actions }],
      ['risk:global', { risk: { target: 9, group: 9, global: 0.01 }, actions: defaultSettings.budget.actions }],
      [
        'actions:policy:test-policy',
        { risk: defaultSettings.budget.risk, actions: { policy: 0, group: 9, global: 9 } },
      ],
      ['actions:group:shop', { risk: defaultSettings.budget.risk, actions: { policy: 9, group: 0, global: 9 } }],
      ['actions:global', { risk: defaultSettings.budget.risk, actions: { policy: 9, group: 9, global: 0 } }],
    ])('the budget %s', async (scope, limits) => {
      const refused = await run({}, { settings: { budget: { windowSeconds: 3_600, ...limits } } });
      await expectRefused(refused, 'budget');
      expect((await harness.execution(refused.id)).reason).toContain(scope);
    });
    test('the hourly limit that the charter obliges to', async () => {
      harness.world.says.decision = { obligations: { perHour: 0 } };
      await expectRefused(await run({ obligations: { perHour: 0 } }), 'budget');
    });
    test('budgets are debited all or none, also by many at once', async () => {
      const charges = [{ scope: 'actions:many', amount: 1, limit: 5, unit: 'actions' as const }];
      const debits = Array.from({ length: 12 }, () =>
        harness.store.transaction(async (tx) => {
          const budgets = await openBudgets(tx, ['actions:many'], 60);
          const answer = budgets.debit(charges);
          await budgets.write();
          return answer;
        }),
      );
      const answers = await Promise.all(debits);
      expect(answers.filter((answer) => answer === null)).toHaveLength(5);
    });
    test('a target that was changed just now is left alone for its cool-down', async () => {
      setTarget('web', { limits: { cooldown: '10m' } });
      await expectHealed(await run());
      target.attempts = 0;
      harness.world.says.values = { latency: 2 };
      await expectRefused(await run({ actions: [scaleTo(8)] }), 'cool-down');
    });
    test('three failures in five minutes open the breaker of a target', async () => {
      target.moods = ['refuses'];
      for (let failure = 0; failure < 3; failure += 1) await harness.ended((await run()).id);
      target.attempts = 0;
      await expectRefused(await run(), 'breaker');
    });
    test('the storm brake stops everything while too much is unhealthy, and lets go only after a while of calm', async () => {
      for (const name of ['a', 'b', 'c', 'd']) setTarget(name);
      harness.world.says.violations = ['web', 'a', 'b', 'c', 'd'].map((component) => violationFrom({ component }));
      const storm = { minHealthy: 0.5, minTargets: 4, cooldownSeconds: 600 };
      const stormy = await run({}, { settings: { storm } });
      await expectRefused(stormy, 'storm');
      harness.world.says.violations = [];
      await expectRefused(await run(), 'storm');
    });
    test('one change in flight a target is asked of Postgres', async () => {
      await harness.store.db
        .insertInto('target_lease')
        .values({
          target: 'web',
          generation: 0,
          fencing_token: 0,
          holder: 'another',
          expires_at: new Date(Date.now() + 60_000),
          changed_by: null,
        })
        .execute();
      await expectRefused(await run(), 'in-flight');
    });
  });

  describe('4: no act on evidence that is not there', () => {
    test('a query without an answer', async () => {
      harness.world.says.values = {};
      await expectRefused(await run(), 'trigger');
    });
    test('a value that is not a number', async () => {
      harness.world.says.values = { latency: Number.NaN };
      await expectRefused(await run(), 'trigger');
    });
    test('an answer that is partial', async () => {
      harness.world.says.warnings = ['shard 3 is away'];
      await expectRefused(await run(), 'trigger');
    });
    test('a source that does not answer', async () => {
      harness.world.says.prometheus = 'nothing';
      await expectRefused(await run(), 'trigger');
    });
    test('a violation that is silenced', async () => {
      harness.world.says.violations = [
        violationFrom({ fingerprint, suppressed: { by: 'silence', reference: 'night-shift' } }),
      ];
      await expectRefused(await run({ verification: { signals: [violated({ fingerprint })] } }), 'trigger');
    });
    test('a silence that a step of the plan itself made does not stop the next step, one of anybody else does', async () => {
      const silencedBy = async (reference: string) => {
        Object.assign(target.settings, { replicas: 3, silenceId: 'own' });
        target.effects.length = 0;
        harness.world.says.values = { latency: () => (target.effects.length > 1 ? 0.1 : 2) };
        harness.world.says.violations = [violationFrom({ fingerprint })];
        target.onEffect = () => {
          harness.world.says.violations = [violationFrom({ fingerprint, suppressed: { by: 'silence', reference } })];
        };
        harness.targets.set(
          'web',
          targetFrom('web', {
            kind: 'http',
            url: target.url,
            keyed: true,
            requests,
            readBack: { path: '/state', pointer: '/settings' },
          }),
        );
        const actions = [
          { ...scaleTo(6), id: 'silence' },
          { ...scaleTo(9), id: 'change', dependsOn: ['silence'] },
        ];
        const { id } = await run({ actions, verification: { signals: [violated({ fingerprint })] } });
        await harness.ended(id);
        return target.effects.map(({ body }) => body);
      };
      expect(await silencedBy('own')).toEqual([{ replicas: 6 }, { replicas: 9 }]);
      expect(await silencedBy('night-shift')).toEqual([{ replicas: 6 }]);
    });
    test('a target that is declared wrongly', async () => {
      harness.targets.set(
        'web',
        targetFrom('web', {
          kind: 'http',
          url: target.url,
          keyed: true,
          requests,
          readBack,
          secretEnvironment: 'NOWHERE_SET',
        }),
      );
      const refused = await run();
      await expectRefused(refused, 'effector');
      expect((await harness.execution(refused.id)).reason).toContain('NOWHERE_SET is not set');
    });
    test('a plan that names no violated signal', async () => {
      await expectRefused(await run({ verification: { signals: [violated({ role: 'neighbor' })] } }), 'trigger');
    });
    test('a monitor that cannot say whether it is silenced', async () => {
      harness.world.says.violations = 'nothing';
      await expectRefused(await run({ verification: { signals: [violated({ fingerprint })] } }), 'trigger');
    });
    test('a target that the active pack does not have selects nothing', async () => {
      await expectRefused(await run({ actions: [{ ...scaleTo(6), target: 'no-such-target' }] }), 'target');
    });
    test('an action or a size that the target does not take', async () => {
      setTarget('web', { actions: ['RESTART_SERVICE'] });
      await expectRefused(await run(), 'target');
      setTarget('web', { limits: { maxReplicas: 5 } });
      await expectRefused(await run(), 'target');
    });
  });

  describe('5: the trigger is checked again just before acting', () => {
    test('a violation that resolved meanwhile: no act, and it counts as recovered by itself', async () => {
      harness.world.says.values = { latency: 0.5 };
      const gone = await run({ approval: 'approved' });
      await expectRefused(gone, 'trigger');
      expect(await harness.outcomes(gone.plan.id)).toMatchObject([{ type: 'success', executed: false }]);
    });
    test('an alert without a query that the monitor has seen resolved', async () => {
      const signals = [violated({ fingerprint, query: null, threshold: null })];
      harness.world.says.violations = [violationFrom({ fingerprint, state: 'resolved' })];
      await expectRefused(await run({ verification: { signals } }), 'trigger');
    });
    test('a trigger that goes away after the first step ends the plan there, without taking it back', async () => {
      const actions = [
        { ...scaleTo(6), id: 'one' },
        { ...scaleTo(9), id: 'two', dependsOn: ['one'] },
      ];
      const { id } = await run({ actions });
      await expectHealed({ id });
      expect(target.effects.map(({ body }) => body)).toEqual([{ replicas: 6 }]);
    });
    test('a plan that expired', async () => {
      await expectRefused(await run({ expiresAt: new Date(Date.now() - 1).toISOString() }), 'expiry', 'expired');
    });
    test('the charter is asked with the hash that was approved', async () => {
      const healing = await run({ approval: 'approved' });
      await expectHealed(healing);
      expect(harness.world.asked.decisions.at(-1)).toMatchObject({
        action: 'SCALE_UP',
        target: 'web',
        plan: { hash: healing.plan.hash },
      });
    });
    test.each([
      ['another hash', { planHash: 'of-another-plan' }],
      ['another plan', { planId: '01ARZ3NDEKTSV4RRFFQ69G5FAV' }],
      ['one that is still pending', { status: 'pending' as const }],
    ])('an approval of %s is none, whatever the plan says', async (_, approval) => {
      harness.world.says.decision = { effect: 'require-approval' };
      const refused = await run({ approval: 'approved' }, { approval });
      await expectRefused(refused, 'charter');
      expect((await harness.execution(refused.id)).reason).toContain('no approval of this plan');
    });
    test.each([
      ['quorum', { quorum: 2 }, { quorum: 1 }],
      ['blastRadius', { blastRadius: 0.5 }, { blastRadius: 1 }],
      ['maxReplicas', { maxReplicas: 4 }, { maxReplicas: 9 }],
      ['approvers', { approvers: ['ada'] }, { approvers: ['ada', 'bob'] }],
    ])('an approval does not stand when obligations became stricter in %s', async (name, now, before) => {
      harness.world.says.decision = { effect: 'require-approval', obligations: now };
      const refused = await run({ approval: 'approved', obligations: before });
      await expectRefused(refused, 'charter');
      expect((await harness.execution(refused.id)).reason).toContain(name);
      expect((await harness.timeline(refused.plan.incidentId)).map(({ event }) => event)).toContain('escalated');
    });
  });

  describe('6: verification may say unknown, and worse is taken back', () => {
    test('no data after the act is unknown: nothing more is done and a person is asked', async () => {
      harness.world.says.values = { latency: () => (target.effects.length > 0 ? Number.NaN : 2) };
      const { id, plan } = await run();
      expect(await harness.ended(id)).toMatchObject({ state: 'completed', outcome_type: 'unknown' });
      expect(target.effects).toHaveLength(1);
      expect((await harness.timeline(plan.incidentId)).map(({ event }) => event)).toContain('escalated');
    });
    test('a neighbor that got worse is taken back', async () => {
      harness.world.says.values = {
        latency: () => (target.effects.length > 0 ? 0.1 : 2),
        errors: () => (target.effects.length === 1 ? 0.9 : 0.01),
      };
      const neighbor = violated({
        role: 'neighbor',
        query: 'errors',
        component: 'api',
        metric: 'error_ratio',
        threshold: 0.05,
        before: 0.01,
      });
      const { id } = await run({ verification: { signals: [violated(), neighbor] } });
      expect(await harness.ended(id)).toMatchObject({ state: 'rolled_back', outcome_type: 'degradation' });
      expect(target.settings).toEqual({ replicas: 3 });
    });
    test('worse is left as it is when someone changed the target since', async () => {
      harness.world.says.values = { latency: () => (target.effects.length > 0 ? 9 : 2) };
      target.onEffect = () => {
        target.onEffect = () => undefined;
        harness.world.says.values = {
          latency: () => {
            target.settings.replicas = 11;
            return 9;
          },
        };
      };
      const { id } = await run();
      expect(await harness.ended(id)).toMatchObject({ state: 'failed', outcome_type: 'degradation' });
      expect(target.settings).toEqual({ replicas: 11 });
    });
  });

  describe('7: Charter does not act on itself or on what it runs on', () => {
    test.each(['redis', 'postgres', 'prometheus', 'alertmanager', 'orchestrator'])(
      'a target called %s needs a rule that names it',
      async (name) => {
        setTarget(name);
        harness.world.says.decision = { reasons: [] };
        await expectRefused(await run({ actions: [{ ...scaleTo(6), target: name }] }), 'charter');
      },
    );
    test('a target at the address of one of its own servers needs one as well', async () => {
      harness.world.says.decision = { reasons: [] };
      await expectRefused(await run({}, { deps: { ownUrls: [target.url] } }), 'charter');
    });
    test.each([
      [
        'container',
        { kind: 'docker', url: 'unix:///var/run/docker.sock', object: { kind: 'container', name: 'redis' } },
      ],
      ['service', { kind: 'docker', url: 'https://engine:2376', object: { kind: 'service', name: 'charter_plan' } }],
      [
        'deployment',
        { kind: 'kubernetes', url: 'https://k8s:6443', object: { kind: 'Deployment', name: 'charter-plan' } },
      ],
      ['configuration', { kind: 'redis-config', url: 'redis://127.0.0.1:6379', parameters: ['maxmemory'] }],
      ['alerts', { kind: 'alertmanager', url: 'http://localhost:9093', matchers: [{ name: 'a', value: 'b' }] }],
    ])('a %s of its own under another name is known by what it is called or where it answers', (_, effector) => {
      const own = ['redis://127.0.0.1:6379', 'http://127.0.0.1:9093'];
      expect(isProtectedTarget(targetFrom('cache', effector), own)).toBe(true);
      expect(isProtectedTarget(targetFrom('cache', { ...effector, ...elsewhere(effector) }), own)).toBe(false);
    });
    test('a policy that names it lets it through', async () => {
      setTarget('redis');
      await expectHealed(await run({ actions: [{ ...scaleTo(6), target: 'redis' }] }));
    });
  });

  describe('8: no act without a fresh permit', () => {
    test('an orchestrator that does not answer', async () => {
      harness.world.says.permit = 'nothing';
      await expectRefused(await run(), 'permit');
    });
    test('a permit that expired on its way', async () => {
      harness.world.says.permit = { issuedAt: new Date(0).toISOString(), expiresAt: new Date(0).toISOString() };
      await expectRefused(await run(), 'permit');
    });
    test('a pause keeps the plan waiting, and resuming lets it act', async () => {
      harness.world.says.permit = { granted: false, reason: 'Paused (global) by ada' };
      const { id } = await run();
      await expect.poll(async () => (await harness.execution(id)).held_by).toBe('permit');
      expect(target.attempts).toBe(0);
      harness.world.says.permit = {};
      await expectHealed({ id });
    });
    test('a pause that is over only after the plan expired ends without an act', async () => {
      harness.world.says.permit = { granted: false, reason: 'Paused (global) by ada' };
      await expectRefused(await run({ expiresAt: new Date(Date.now() + 400).toISOString() }), 'permit');
    });
    test('a pause file on this host', async () => {
      harness.state.isPausedHere = true;
      const { id } = await run();
      await expect.poll(async () => (await harness.execution(id)).held_by).toBe('pause-file');
      expect(target.attempts).toBe(0);
      harness.state.isPausedHere = false;
      await expectHealed({ id });
    });
    test('a pause file that appears while a step is being sent stops the next attempt', async () => {
      target.moods = ['drop-before'];
      const { id } = await run({ actions: [{ ...scaleTo(6), timeoutSeconds: 30 }] });
      await expect.poll(() => target.attempts).toBeGreaterThan(0);
      harness.state.isPausedHere = true;
      const tried = target.attempts;
      await expect.poll(async () => (await harness.execution(id)).held_by).toBe('pause-file');
      expect(target.attempts).toBeLessThanOrEqual(tried + 1);
      target.moods = ['answers'];
      harness.state.isPausedHere = false;
      await expectHealed({ id });
      expect(target.effects).toHaveLength(1);
    });
    test('a real pause file stops this host, and so does one that cannot be looked at', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'charter-pause-'));
      const pause = pauseFile(folder);
      expect(await pause.isPaused()).toBe(false);
      await writeFile(join(folder, 'pause'), '');
      expect(await pause.isPaused()).toBe(true);
      expect(await pauseFile(join(folder, 'pause')).isPaused()).toBe(true);
      await rm(folder, { recursive: true });
    });
    test('a permit that ran out while the step was armed is asked for again', async () => {
      const at = Date.now();
      harness.world.says.permit = { issuedAt: new Date(at).toISOString(), expiresAt: new Date(at + 1).toISOString() };
      const { id } = await run({ expiresAt: new Date(Date.now() + 20_000).toISOString() });
      await expect.poll(async () => (await harness.execution(id)).held_by).toBe('permit');
      expect(target.attempts).toBe(0);
      harness.world.says.permit = {};
      await harness.ended(id);
    });
    test('taking back needs one too', async () => {
      harness.world.says.values = { latency: () => (target.effects.length > 0 ? 9 : 2) };
      target.onEffect = () => {
        harness.world.says.permit = { granted: false, reason: 'Paused (global) by ada' };
        target.onEffect = () => undefined;
      };
      const { id } = await run();
      await expect.poll(async () => (await harness.execution(id)).phase).toBe('undoing');
      await expect.poll(async () => (await harness.execution(id)).held_by).toBe('permit');
      expect(target.effects).toHaveLength(1);
      harness.world.says.permit = {};
      expect(await harness.ended(id)).toMatchObject({ state: 'rolled_back' });
    });
  });

  test('9: every refusal is in the journal with its gate and reason', async () => {
    harness.world.says.decision = {
      effect: 'deny',
      reasons: [{ policy: 'p', rule: 'r', line: 3, effect: 'deny', text: 'freeze until Monday' }],
    };
    const refused = await run();
    await expectRefused(refused, 'charter');
    const journal = await harness.journal(refused.id);
    expect(journal.find(({ kind }) => kind === 'refused')).toMatchObject({
      text: 'freeze until Monday',
      data: { gate: 'charter' },
    });
  });

  describe('10: a charter out of reach means no new act', () => {
    test('silence is no leave', async () => {
      harness.world.says.decision = 'nothing';
      await expectRefused(await run(), 'charter');
    });
    test('it is asked before every step: what it denies on the way is taken back', async () => {
      let asked = 0;
      harness.world.says.values = { latency: 2 };
      harness.world.says.decision = () => {
        asked += 1;
        return asked === 1 ? {} : { effect: 'deny' };
      };
      const actions = [
        { ...scaleTo(6), id: 'one' },
        { ...scaleTo(9), id: 'two', dependsOn: ['one'] },
      ];
      const { id } = await run({ actions });
      expect(await harness.ended(id)).toMatchObject({ state: 'rolled_back' });
      expect(target.settings).toEqual({ replicas: 3 });
    });
    test('a short absence only delays', async () => {
      harness.world.says.decision = 'nothing';
      const { id } = await run();
      await expect.poll(async () => (await harness.execution(id)).held_by).toBe('charter');
      harness.world.says.decision = {};
      await expectHealed({ id });
    });
  });
});
