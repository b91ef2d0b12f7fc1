import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { type CommitteeDeps, committeeRoutes } from './routes/committee.ts';
import { type ComponentDeps, componentRoutes } from './routes/components.ts';
import { type InvestigationDeps, investigationRoutes } from './routes/investigations.ts';
import { type OverrideDeps, overrideRoutes } from './routes/overrides.ts';
import { type ReportDeps, reportRoutes } from './routes/reports.ts';
import { type RevocationDeps, revocationRoutes } from './routes/revocations.ts';
import { type SampleDeps, sampleRoutes } from './routes/samples.ts';
import { type ViolationDeps, violationRoutes } from './routes/violations.ts';

export interface EnforcementDeps
  extends CommitteeDeps,
    ComponentDeps,
    InvestigationDeps,
    OverrideDeps,
    ReportDeps,
    RevocationDeps,
    SampleDeps,
    ViolationDeps {
  readonly nodes: CommitteeDeps['nodes'];
  readonly pool: SampleDeps['pool'];
  readonly ladder: SampleDeps['ladder'];
}

/** All routes of enforcement. */
export const enforcementRoutes: FastifyPluginAsyncZod<EnforcementDeps> = async (app, deps) => {
  const { prefix: _mounted, ...own } = { prefix: '', ...deps };
  await app.register(sampleRoutes, own);
  await app.register(violationRoutes, own);
  await app.register(committeeRoutes, own);
  await app.register(investigationRoutes, own);
  await app.register(overrideRoutes, own);
  await app.register(revocationRoutes, own);
  await app.register(reportRoutes, own);
  await app.register(componentRoutes, own);
};
