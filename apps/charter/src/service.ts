import { join } from 'node:path';
import {
  closeAll,
  type Environment,
  everyInterval,
  isAuthenticationConfigured,
  type RunningService,
  startService,
} from '@charter/service';
import { openStage } from '@charter/stage';
import { approvalDeadlines } from './adapters/approval-deadlines.ts';
import { approvalLog } from './adapters/approval-log.ts';
import { sendNotices } from './adapters/approval-notice.ts';
import { approverGroups } from './adapters/approver-groups.ts';
import { auditKey } from './adapters/audit-key.ts';
import { auditLog } from './adapters/audit-log.ts';
import { automationGrants } from './adapters/automation-grants.ts';
import { decisionRecord } from './adapters/decision-record.ts';
import { editApproval } from './adapters/edit-approval.ts';
import { governance as governanceOf } from './adapters/governance.ts';
import { packShelf } from './adapters/pack-shelf.ts';
import { policyReader } from './adapters/policy-reader.ts';
import { policyShelf } from './adapters/policy-shelf.ts';
import { timeWindows as timeWindowsOf } from './adapters/time-windows.ts';
import { watchedPack } from './adapters/watched-pack.ts';
import { buildApp } from './app.ts';
import { CharterConfig } from './config.ts';
import { composeEnforcement, enforcementLayer } from './enforcement/compose-enforcement.ts';
import { createMetrics } from './metrics.ts';
import { migrations } from './migrations.ts';
import type { CharterTables } from './tables.ts';
import { analyzeApart } from './workers/analyze-apart.ts';
import { changeGovernance } from './workers/change-governance.ts';
import { decideNow } from './workers/decide-now.ts';
import { explainDecision } from './workers/explain-decision.ts';
import { findStricter } from './workers/find-stricter.ts';
import { importPack as importing } from './workers/import-pack.ts';
import { policyTextOf } from './workers/policy-text.ts';
import { refuseConflicts } from './workers/refuse-conflicts.ts';
import { signSnapshot } from './workers/sign-snapshot.ts';
import { summarizeDecisions } from './workers/summarize-decisions.ts';
import { tryPolicy } from './workers/try-policy.ts';

const approvalsMs = 1_000;
const watchMs = 1_000;
const housekeepingMs = 5_000;

/** Everything the charter is made of, ready to inject or listen. */
export async function composeCharter(environment: Environment) {
  const stage = await openStage<CharterTables, CharterConfig>({
    app: 'charter',
    config: CharterConfig,
    environment,
    migrations,
  });
  const { config, log, registry, store, transport, onError } = stage;
  const metrics = createMetrics(registry);
  const key = await auditKey(config);
  const groups = await approverGroups(config.CHARTER_APPROVERS);
  const { CHARTER_ENVIRONMENT: own, CHARTER_CHANGES_NEED_APPROVAL: alwaysAsk } = config;

  const grants = automationGrants(store);
  await grants.begin(config.CHARTER_AUTOMATION);
  const reader = policyReader();
  const packs = packShelf(store);
  const policies = policyShelf({ store, reader, environment: own, alwaysAsk });
  const timeWindows = timeWindowsOf(store);
  const audit = auditLog(store, key, join(config.CHARTER_STATE_DIR, 'audit-anchor.json'));
  const layer = enforcementLayer({ store, registry });
  const governance = await governanceOf({
    store,
    packs,
    reader,
    environment: own,
    log,
    overrides: layer.overrides.inForce,
    onLoad(seconds, loaded) {
      metrics.governing(loaded.policyIds.length, loaded.snapshot.rules.length);
      layer.onLoad(seconds, loaded);
    },
  });
  const approvals = approvalLog({ store, groups, withinSeconds: config.CHARTER_APPROVAL_WITHIN });
  const deadlines = approvalDeadlines(store, groups);
  const fourEyes = isAuthenticationConfigured(config);
  const analyzePolicies = analyzeApart();
  const changes = changeGovernance({
    refuseConflicts: refuseConflicts({ store, reader, analyzePolicies, environment: own }),
    findStricter: findStricter({ store, reader, analyzePolicies, environment: own }),
    store,
    reader,
    packs,
    policies,
    approvals,
    governance,
    metrics,
    fourEyes,
    alwaysAsk,
  });

  const decisions = await decisionRecord({ store, capacity: config.CHARTER_DECISION_BUFFER, metrics, log });
  const decide = decideNow({ governance, decisions, metrics });
  const enforcement = await composeEnforcement({ store, registry, config, log }, layer, { governance, decisions });
  const explain = explainDecision({ store, reader, decisions, environment: own });

  let url = '';
  const publicUrl = (): string => config.CHARTER_PUBLIC_URL ?? url;
  const notify = sendNotices({ deadlines, webhook: config.CHARTER_APPROVAL_WEBHOOK, publicUrl, log });
  async function attendApprovals(): Promise<void> {
    await changes.settle();
    await notify();
  }
  const attending = everyInterval(
    approvalsMs,
    async () => {
      await deadlines.expire();
      await deadlines.escalate();
      await attendApprovals();
      metrics.approvalsPending(await approvals.countPending());
    },
    onError,
  );
  const summarize = summarizeDecisions({ store, retentionDays: config.CHARTER_DECISION_RETENTION_DAYS });
  const housekeeping = everyInterval(
    housekeepingMs,
    async () => {
      await summarize();
      const checkpoint = await audit.checkpoint();
      metrics.audited(checkpoint?.seq ?? 0);
    },
    onError,
  );

  const watched = config.CHARTER_PACK === undefined ? null : watchedPack(config.CHARTER_PACK);
  const importPack = watched && importing({ watched, packs, changes, environment: own, metrics, log });
  const onBadPack = (error: unknown): void =>
    log.error({ err: error }, 'the pack on disk is not used; the last good one stays');
  await watched?.hasChanged();
  await importPack?.({ isStart: true }).catch(onBadPack);
  const watching = everyInterval(
    watchMs,
    async () => {
      if (await watched?.hasChanged()) await importPack?.({ isStart: false });
    },
    onBadPack,
  );

  const http = await buildApp({
    config,
    log,
    registry,
    metrics,
    readiness: stage.readiness,
    decide,
    explain,
    decisions,
    approvals,
    editApproval: editApproval(store, groups),
    attendApprovals: () => attendApprovals().catch(onError),
    packs,
    changes,
    governance,
    environment: own,
    policies,
    policyText: policyTextOf(store, reader),
    analyzePolicies,
    tryPolicy: tryPolicy({ store, reader, decisions, environment: own }),
    signedSnapshot: signSnapshot({
      store,
      reader,
      governance,
      key,
      environment: own,
      maxAgeSeconds: config.CHARTER_SNAPSHOT_MAX_AGE,
    }),
    grants,
    timeWindows,
    audit,
    importPack,
    enforcement: enforcement.routes,
  });
  const closeables = [
    store,
    transport,
    ...enforcement.closeables,
    decisions,
    governance,
    attending,
    housekeeping,
    watching,
  ];
  return {
    config,
    log,
    http,
    closeables,
    /** The address that links to this service carry. */
    reachedAt(listening: string): void {
      url = listening;
    },
    async reload(): Promise<void> {
      await importPack?.({ isStart: false }).catch(onBadPack);
      await governance.refresh().catch(onError);
    },
    close: () => closeAll(log, [...closeables, http]),
  };
}

export async function startCharter(environment: Environment): Promise<RunningService & { reload(): Promise<void> }> {
  const { config, log, http, closeables, reachedAt, reload } = await composeCharter(environment);
  const service = await startService({ app: 'charter', config, log, http, closeables });
  reachedAt(service.url);
  return { ...service, reload };
}
