import {
  ActionType,
  CharterError,
  Disposition,
  Instant,
  MetricName,
  Name,
  Outcome,
  OutcomeEvidence,
  OutcomeType,
  printable,
  Ratio,
  Ulid,
} from '@charter/shared/contracts';
import { z } from 'zod';

const ReportedCause = z.strictObject({ component: Name, metric: MetricName, confidence: Ratio.default(1) }).nullable();
const ReportedActions = z
  .array(z.strictObject({ action: ActionType, target: Name, targetClass: Name.nullable().default(null) }))
  .max(20);
const ReportedEvidence = z.array(z.strictObject(OutcomeEvidence.shape)).max(100);

/** An outcome as `GET /outcomes` gives it, so that what one installation learned another can take over. */
export const ImportedOutcome = z.strictObject({
  ...Outcome.shape,
  rootCause: ReportedCause,
  actions: ReportedActions,
  evidence: ReportedEvidence,
  recordedAt: Instant.optional(),
  correctedBy: printable(200).nullable().optional(),
  correction: printable(2_000).nullable().optional(),
});

/**
 * What a person reports. With the id of a known outcome it is a correction, and only what is given changes; otherwise it
 * is an outcome of its own and needs its incident and component.
 */
export const OutcomeReport = z.strictObject({
  type: OutcomeType,
  id: Ulid.optional(),
  incidentId: Ulid.optional(),
  component: Name.optional(),
  executed: z.boolean().optional(),
  at: Instant.optional(),
  reason: printable(2_000).optional(),
  planId: Ulid.optional(),
  environment: Name.optional(),
  strategy: Name.optional(),
  rootCause: ReportedCause.optional(),
  actions: ReportedActions.optional(),
  disposition: Disposition.optional(),
  rolledBack: z.boolean().optional(),
  evidence: ReportedEvidence.optional(),
  startedAt: Instant.nullable().optional(),
  timeToStabilizeSeconds: z.number().min(0).max(1e9).nullable().optional(),
});
export type OutcomeReport = z.infer<typeof OutcomeReport>;

/** @throws CharterError `request-invalid` when a new outcome lacks its incident or component */
export function outcomeFromReport(
  report: OutcomeReport,
  known: Outcome | null,
  fresh: { readonly id: string; readonly planId: string; readonly environment: string; readonly now: string },
): Outcome {
  const { at: _at, ...given } = report;
  if (known) return Outcome.parse({ ...known, ...defined(given), id: known.id, planId: known.planId, at: fresh.now });
  const missing = (['incidentId', 'component'] as const).filter((name) => report[name] === undefined);
  if (missing.length > 0) {
    throw new CharterError('request-invalid', `A new outcome needs ${missing.join(' and ')}`, {
      errors: missing.map((name) => ({ pointer: `/${name}`, detail: 'is missing, and no outcome has this id' })),
    });
  }
  const executed = report.executed ?? (report.actions ?? []).length > 0;
  return Outcome.parse({
    id: fresh.id,
    planId: fresh.planId,
    executionId: null,
    environment: fresh.environment,
    strategy: executed ? 'by-hand' : 'null',
    rootCause: null,
    actions: [],
    executed,
    disposition: executed ? 'executed' : 'null-plan',
    rolledBack: false,
    reason: '',
    evidence: [],
    startedAt: null,
    timeToStabilizeSeconds: null,
    propensity: 1,
    at: report.at ?? fresh.now,
    ...defined(given),
  });
}

const defined = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
