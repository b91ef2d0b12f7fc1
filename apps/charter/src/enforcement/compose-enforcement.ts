import { type Closeable, everyInterval, type Log, type Registry } from '@charter/service';
import type { Store } from '@charter/store';
import type { DecisionRecord } from '../adapters/decision-record.ts';
import type { Governance, GoverningNow } from '../adapters/governance.ts';
import type { CharterTables } from '../tables.ts';
import { allowedCounts } from './adapters/allowed-counts.ts';
import { attemptLadder } from './adapters/attempt-ladder.ts';
import { committeeLog } from './adapters/committee-log.ts';
import { componentLog } from './adapters/component-log.ts';
import { decisionHolder, prometheusHolder } from './adapters/data-holders.ts';
import { eventLog } from './adapters/event-log.ts';
import { investigationLog } from './adapters/investigation-log.ts';
import { overrideLog } from './adapters/override-log.ts';
import { reportBox } from './adapters/report-box.ts';
import { revocationLog } from './adapters/revocation-log.ts';
import type { EnforcementConfig } from './config.ts';
import { createCharterMetrics } from './metrics.ts';
import { committeeNodes } from './workers/committee-nodes.ts';
import { evaluationPool } from './workers/evaluation-pool.ts';
import { takeVote } from './workers/take-vote.ts';
import { validateSamples } from './workers/validate-samples.ts';

export interface EnforcementOptions {
  readonly store: Store<CharterTables>;
  readonly registry: Registry;
  readonly config: EnforcementConfig;
  readonly log: Log;
}

const settleMs = 2_000;
const hourMs = 3_600_000;
const gracefulRestart = { graceful: true, timeoutSeconds: 10 };

/** The part that what governs needs: the overrides in force, and somebody who counts loads. */
export function enforcementLayer({ store, registry }: Pick<EnforcementOptions, 'store' | 'registry'>) {
  const metrics = createCharterMetrics(registry);
  const overrides = overrideLog(store, metrics);
  let version: string | null = null;
  let verifiedAt = Number.NEGATIVE_INFINITY;
  const verifyMs = 6 * hourMs;
  return {
    metrics,
    overrides,
    /** Every load is a verification of the policies; it counts as one of policies when they changed, or were due. */
    onLoad(seconds: number, { policyVersion, snapshot }: GoverningNow): void {
      const isOfPolicies = policyVersion !== version || performance.now() - verifiedAt >= verifyMs;
      version = policyVersion;
      if (isOfPolicies) verifiedAt = performance.now();
      metrics.policiesLoaded(isOfPolicies ? seconds : null, Date.now() / 1_000);
      const names = snapshot.policies.flatMap((policy) => policy.metrics.forbidden);
      metrics.forbidden(names.filter((name) => !name.includes('*')));
    },
  };
}
export type EnforcementLayer = ReturnType<typeof enforcementLayer>;

/** Everything that enforcement is made of. */
export async function composeEnforcement(
  { store, config, log }: EnforcementOptions,
  { metrics, overrides }: EnforcementLayer,
  { governance, decisions }: { governance: Governance; decisions: DecisionRecord },
) {
  const environment = config.CHARTER_ENVIRONMENT;
  let manner = gracefulRestart;
  let restarting: Promise<void> = Promise.resolve();
  const components = await componentLog(store, log, (name) => {
    if (name === 'evaluation') pool.restart();
    else restarting = nodes.restart(manner);
  });
  const pool = evaluationPool(() => components.spec('evaluation'));
  const nodes = committeeNodes({
    store,
    spec: () => components.spec('committee'),
    webhook: config.CHARTER_COMMITTEE_WEBHOOK,
    metrics,
    log,
  });
  const ladder = attemptLadder({ store, environment, metrics, log, onEscalated: () => nodes.wake() });
  const events = eventLog({ store, environment, metrics, quietSeconds: config.CHARTER_ENFORCEMENT_QUIET });
  const committee = committeeLog(store);
  const investigations = investigationLog(store, metrics);
  const holders = [decisionHolder(store), prometheusHolder(config.PROMETHEUS_URL)];
  const revocations = revocationLog({ store, holders, metrics });
  const reports = reportBox(store);
  const allowed = allowedCounts(store, log);
  const spec = () => components.spec('evaluation');
  const validate = validateSamples({ governance, decisions, allowed, metrics, spec });

  const onError = (error: unknown): void =>
    log.error({ err: error }, 'a round of enforcement failed, the next one comes');
  async function settle(): Promise<void> {
    metrics.overridesActive(await overrides.settle());
    await events.settle();
    const open = await investigations.workload();
    metrics.underInvestigation(new Map(open.map(({ severity, open: count }) => [severity, count])));
    metrics.committeeSize(await committee.countMembers());
    await revocations.settle();
  }
  const settling: Closeable = everyInterval(settleMs, settle, onError);
  const hourly: Closeable = everyInterval(
    hourMs,
    async () => {
      await reports.count();
      await ladder.trim();
      await components.trim();
    },
    onError,
  );

  return {
    routes: {
      validate,
      pool,
      ladder,
      events,
      onEscalated: () => nodes.wake(),
      committee,
      nodes,
      components,
      async restartCommittee(how: { graceful: boolean; timeoutSeconds: number }, by: string): Promise<void> {
        manner = how;
        await components.apply('committee', { operation: 'restart' }, { by, keyed: null });
        await restarting;
        manner = gracefulRestart;
      },
      takeVote: takeVote({ store, committee, overrides, investigations, events, governance }),
      investigations,
      overrides,
      revocations,
      governance,
      reports,
      reportsPerMinute: config.CHARTER_REPORTS_PER_MINUTE,
    },
    closeables: [settling, hourly, components, nodes, ladder, allowed],
  };
}
