import { type Analysis, analysisQueue, timelineQueue, type Violation } from '@charter/shared/contracts';
import { newId, type Store, type Tx } from '@charter/store';
import type { AnalysisLog, WaitingIncident } from '../adapters/analysis-log.ts';
import type { Finding } from '../domain/find-cause.ts';
import { mergeTargetOf } from '../domain/merge-incidents.ts';
import { type Refit, refitFinding } from '../domain/refit-confidence.ts';
import { symptomOf } from '../domain/symptom.ts';
import type { AnalyzeMetrics } from '../metrics.ts';
import type { AnalyzeTables } from '../migrations.ts';
import { type LookDeps, lookAtIncident } from './look-at-incident.ts';

export interface AnalyzeDeps extends LookDeps {
  readonly store: Store<AnalyzeTables>;
  readonly log: AnalysisLog;
  readonly metrics: AnalyzeMetrics;
  readonly refit: () => Promise<Refit>;
}

const batch = 20;
const mostViolations = 500;
const mostCauses = 10;

/** Analyzes every incident that changed since it was last looked at. @returns how many */
export async function analyzeWaiting(deps: AnalyzeDeps): Promise<number> {
  const waiting = await deps.log.waiting(batch);
  for (const incident of waiting) await analyze(incident, deps);
  return waiting.length;
}

async function analyze(incident: WaitingIncident, deps: AnalyzeDeps): Promise<void> {
  const started = performance.now();
  const { store, log, metrics } = deps;
  const firing = incident.violations.filter(({ state }) => state === 'firing');
  const previous = await log.latestOf(incident.id);
  const { finding, windows } =
    firing.length === 0
      ? { finding: clearedFinding(previous), windows: [] }
      : await look(incident.openedAt, firing, deps);
  const cause = finding.verdict === 'determined' ? finding.rootCauses[0] : undefined;
  const analysis: Analysis = {
    id: newId(),
    incidentId: incident.id,
    revision: incident.revision + 1,
    environment: incident.environment,
    ...finding,
    rootCauses: finding.rootCauses.slice(0, mostCauses),
    mergedInto:
      firing.length === 0 ? incident.mergedInto : mergeTargetOf(incident, cause, await log.open(incident.environment)),
    violations: incident.violations.slice(0, mostViolations),
    detectedAt: symptomOf(incident.violations)?.detectedAt ?? incident.openedAt,
    analyzedAt: new Date().toISOString(),
  };
  const recorded = await store.transaction(async (tx) => {
    if (!(await log.record(tx, incident, analysis, windows))) return false;
    const options = {
      incidentId: incident.id,
      traceparent: incident.traceparent,
      ...(incident.cycleId === null ? {} : { cycleId: incident.cycleId }),
    };
    await tx.enqueue(analysisQueue, analysis, options);
    if (isNews(analysis, previous)) await tellTimeline(tx, analysis, options);
    return true;
  });
  if (recorded) metrics.analyzed(analysis, (performance.now() - started) / 1_000);
}

/** What is found, each confidence standing for what it proved to be worth. */
async function look(openedAt: string, firing: readonly Violation[], deps: AnalyzeDeps) {
  const { finding, windows } = await lookAtIncident(openedAt, firing, deps, new Date());
  return { finding: refitFinding(finding, await deps.refit()), windows };
}

/** Nothing fires any more: what was found stays found. */
function clearedFinding(previous: Analysis | null): Finding {
  if (!previous) {
    return { verdict: 'undetermined', patterns: [], rootCauses: [], recommendations: [], confidence: 0 };
  }
  const { verdict, patterns, rootCauses, recommendations, confidence } = previous;
  return { verdict, patterns, rootCauses, recommendations, confidence };
}

/** A repeat of the same finding is a revision for the planner, but nothing new to tell a person. */
function isNews(analysis: Analysis, previous: Analysis | null): boolean {
  if (analysis.violations.every(({ state }) => state === 'resolved')) return false;
  const gist = ({ verdict, rootCauses, mergedInto }: Analysis) =>
    [verdict, rootCauses[0]?.component, rootCauses[0]?.metric, mergedInto].join();
  return previous === null || gist(previous) !== gist(analysis);
}

async function tellTimeline(
  tx: Tx<AnalyzeTables>,
  analysis: Analysis,
  options: Parameters<Tx<AnalyzeTables>['enqueue']>[2],
): Promise<void> {
  const { incidentId, analyzedAt: at, mergedInto } = analysis;
  const entry = { incidentId, stage: 'analyze' as const, at };
  const [cause] = analysis.rootCauses;
  if (mergedInto !== null) {
    const text = `Part of incident ${mergedInto}: both come from ${cause?.component ?? 'the same component'}.`;
    await tx.enqueue(timelineQueue, { ...entry, event: 'merged', text, data: { mergedInto } }, options);
    return;
  }
  await tx.enqueue(
    timelineQueue,
    {
      ...entry,
      event: 'analyzed',
      text: sentenceFor(analysis),
      data: {
        analysisId: analysis.id,
        revision: analysis.revision,
        verdict: analysis.verdict,
        rootCause: cause ? { component: cause.component, metric: cause.metric, confidence: cause.confidence } : null,
        patterns: analysis.patterns.map(({ kind }) => kind),
      },
    },
    options,
  );
}

function sentenceFor({ verdict, rootCauses }: Analysis): string {
  const [best] = rootCauses;
  if (verdict === 'undetermined' || !best) return 'No root cause stands out; undetermined.';
  const share = `${Math.round(best.confidence * 100)} %`;
  const because = best.evidence[0]?.text;
  return `Root cause: ${best.metric} of ${best.component} (confidence ${share})${because ? `: ${because}` : ''}.`.slice(
    0,
    2_000,
  );
}
