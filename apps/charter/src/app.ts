import { buildHttp, type HttpApp, type Log, type Registry, type ServiceConfig } from '@charter/service';
import type { FastifyRequest } from 'fastify';
import { type EnforcementDeps, enforcementRoutes } from './enforcement/routes.ts';
import { approvalPageRoutes } from './routes/approval-page.ts';
import { type ApprovalDeps, approvalRoutes } from './routes/approvals.ts';
import { type AuditDeps, auditRoutes } from './routes/audit.ts';
import { type AutomationDeps, automationRoutes } from './routes/automation.ts';
import { type DecisionDeps, decisionRoutes } from './routes/decisions.ts';
import { type PackDeps, packRoutes } from './routes/packs.ts';
import { type PolicyDeps, policyRoutes } from './routes/policies.ts';
import { type PolicyAnalysisDeps, policyAnalysisRoutes } from './routes/policy-analysis.ts';
import { type PolicyTrialDeps, policyTrialRoutes } from './routes/policy-trials.ts';
import { type ReloadDeps, reloadRoutes } from './routes/reload.ts';
import { type SnapshotDeps, snapshotRoutes } from './routes/snapshot.ts';
import { type WindowDeps, windowRoutes } from './routes/windows.ts';

export interface AppDeps
  extends ApprovalDeps,
    AuditDeps,
    AutomationDeps,
    DecisionDeps,
    PackDeps,
    PolicyAnalysisDeps,
    PolicyDeps,
    PolicyTrialDeps,
    ReloadDeps,
    SnapshotDeps,
    WindowDeps {
  readonly enforcement: EnforcementDeps;
  readonly config: ServiceConfig;
  readonly log: Log;
  readonly registry: Registry;
  readonly readiness: Readonly<Record<string, () => Promise<void>>>;
}

/** Large enough for a policy of 20,000 rules. */
export const bodyLimitBytes = 5 * 1024 * 1024;

/** The console keeps a person's key in this cookie; cookies of one host are the same on every port. */
function cookieKey(request: FastifyRequest): string | undefined {
  const [, value] = /(?:^|; )charter_key=([^;]+)/.exec(request.headers.cookie ?? '') ?? [];
  return value === undefined
    ? undefined
    : (new URLSearchParams(`key=${value.replaceAll('+', '%2B')}`).get('key') ?? undefined);
}

export function buildApp(deps: AppDeps): Promise<HttpApp> {
  const { config, log, registry, readiness } = deps;
  const at = { prefix: '/api/v1', ...deps };
  return buildHttp({
    app: 'charter',
    config,
    log,
    registry,
    readiness,
    bodyLimitBytes,
    textTypes: ['application/yaml'],
    tokenFrom: cookieKey,
    async routes(app) {
      await app.register(decisionRoutes, at);
      await app.register(approvalRoutes, at);
      await app.register(approvalPageRoutes, at);
      await app.register(packRoutes, at);
      await app.register(policyRoutes, at);
      await app.register(policyTrialRoutes, at);
      await app.register(policyAnalysisRoutes, at);
      await app.register(snapshotRoutes, at);
      await app.register(automationRoutes, at);
      await app.register(windowRoutes, at);
      await app.register(auditRoutes, at);
      await app.register(enforcementRoutes, { prefix: '/api/v1', ...deps.enforcement });
      await app.register(reloadRoutes, deps);
    },
  });
}
