import { prometheusHistory } from '@charter/app-analyze/history';
import { type LookDeps, lookAtIncident } from '@charter/app-analyze/look';
import { isWorthAnotherLook, lookAgainSeconds } from '@charter/app-analyze/look-again';
import { mergeTargetOf, type OpenIncident } from '@charter/app-analyze/merge-incidents';
import { symptomOf } from '@charter/app-analyze/symptom';
import type { Analysis, Violation } from '@charter/shared/contracts';
import { pack } from './demo-pack.ts';
import { instantAt, type ScrapedTestbed } from './scraped-testbed.ts';

/** As Analyze is configured by default. */
export const reading = { windowSeconds: 600, finestStepSeconds: 1, points: 400 };
const mostTargets = 60;
const mostCauses = 10;
/** A first look is taken at once; further changes of the same incident are gathered this long. */
const gatherSeconds = 1;

interface Incident extends OpenIncident {
  readonly violations: ReadonlyMap<string, Violation>;
  readonly revision: number;
  readonly isChanged: boolean;
  readonly changedAt: number;
  readonly lookAgainAt: number | null;
  readonly isCleared: boolean;
  readonly latest: Analysis | null;
}

/** Analyze's looks with their memory in a map instead of tables. */
export interface Analyst {
  /** Takes a violation into its incident. */
  take(violation: Violation, second: number): void;
  /** Looks at every incident that is due. */
  look(second: number): Promise<Analysis[]>;
}

export function analystOn(scraped: Pick<ScrapedTestbed, 'range'>, newId: () => string): Analyst {
  const incidents = new Map<string, Incident>();
  const history = prometheusHistory(scraped, reading, { windowRead: () => undefined });
  const deps: LookDeps = { history, pack: () => pack, mostTargets };

  function take(violation: Violation, second: number): void {
    const { incidentId: id, environment, component } = violation;
    const known = incidents.get(id) ?? {
      ...{ id, environment, component, openedAt: violation.startedAt, mergedInto: null, blames: null },
      ...{ violations: new Map(), revision: 0, lookAgainAt: null, latest: null },
    };
    const violations = new Map([...known.violations, [violation.id, violation]]);
    incidents.set(id, { ...known, violations, isChanged: true, changedAt: second, isCleared: false });
  }

  const isDue = ({ revision, isChanged, changedAt, lookAgainAt }: Incident, second: number): boolean =>
    revision === 0 ||
    (isChanged && second - changedAt >= gatherSeconds) ||
    (lookAgainAt !== null && second >= lookAgainAt);

  async function look(second: number): Promise<Analysis[]> {
    const analyses: Analysis[] = [];
    const due = [...incidents.values()].filter((incident) => isDue(incident, second));
    for (const { id } of due.sort((a, b) => a.changedAt - b.changedAt)) {
      const incident = incidents.get(id);
      if (incident) analyses.push(await analyze(incident, second));
    }
    return analyses;
  }

  async function analyze(incident: Incident, second: number): Promise<Analysis> {
    const { environment, latest, revision } = incident;
    const now = instantAt(second);
    const violations = [...incident.violations.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    const firing = violations.filter(({ state }) => state === 'firing');
    const isCleared = firing.length === 0;
    const finding = isCleared && latest ? latest : (await lookAtIncident(incident.openedAt, firing, deps, now)).finding;
    const cause = finding.verdict === 'determined' ? finding.rootCauses[0] : undefined;
    const standing = [...incidents.values()].filter((other) => !other.isCleared);
    const analysis: Analysis = {
      verdict: finding.verdict,
      patterns: finding.patterns,
      recommendations: finding.recommendations,
      confidence: finding.confidence,
      id: newId(),
      incidentId: incident.id,
      revision: revision + 1,
      environment,
      rootCauses: finding.rootCauses.slice(0, mostCauses),
      mergedInto: isCleared ? incident.mergedInto : mergeTargetOf(incident, cause, standing),
      violations,
      detectedAt: symptomOf(violations)?.detectedAt ?? incident.openedAt,
      analyzedAt: now.toISOString(),
    };
    incidents.set(incident.id, {
      ...incident,
      revision: analysis.revision,
      isChanged: false,
      isCleared,
      latest: analysis,
      mergedInto: analysis.mergedInto,
      blames: cause ? { component: cause.component, metric: cause.metric } : incident.blames,
      lookAgainAt: !isCleared && isWorthAnotherLook(analysis) ? second + lookAgainSeconds : null,
    });
    return analysis;
  }

  return { take, look };
}
