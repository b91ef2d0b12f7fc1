import type { Violation } from '@charter/shared/contracts';
import { type Finding, findCause } from '../domain/find-cause.ts';
import { declaredTopology, relevantTargets } from '../domain/relevant-targets.ts';
import { factFrom, symptomOf } from '../domain/symptom.ts';
import { temperYoung } from '../domain/young-evidence.ts';
import type { AnalyzedPack, ReadWindow, SignalHistory } from '../ports.ts';

export interface LookDeps {
  readonly history: SignalHistory;
  readonly pack: () => AnalyzedPack;
  readonly mostTargets: number;
}

/** Reads what matters around an incident, up to `now`, and finds its cause. `firing` is what fires of it. */
export async function lookAtIncident(
  openedAt: string,
  firing: readonly Violation[],
  deps: LookDeps,
  now: Date,
): Promise<{ finding: Finding; windows: ReadWindow[] }> {
  const pack = deps.pack();
  const components = new Set(firing.map(({ component }) => component));
  const targets = relevantTargets(pack.targets, components, deps.mostTargets);
  const symptom = symptomOf(firing);
  const detectedAt = symptom?.startedAt ?? openedAt;
  const { series, windows } = await deps.history.around(pack, targets, detectedAt, now.toISOString());
  const finding = findCause({
    detectedAt: Date.parse(detectedAt) / 1_000,
    violations: firing.map(factFrom),
    series,
    topology: declaredTopology(targets),
    symptom: symptom === null ? null : { component: symptom.component },
  });
  const ageSeconds = (now.getTime() - Date.parse(detectedAt)) / 1_000;
  return { finding: temperYoung(finding, ageSeconds), windows };
}
