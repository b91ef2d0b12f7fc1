import { prometheusHistory } from '@charter/app-analyze/history';
import { type LookDeps, lookAtIncident } from '@charter/app-analyze/look';
import { isWorthAnotherLook, lookAgainSeconds } from '@charter/app-analyze/look-again';
import { type ComponentName, createTestbed, FAULT_KINDS, FAULTS, type FaultKind } from '@charter/app-testbed/model';
import { pack } from '@charter/simulation/testbed/demo-pack';
import { monitorOn } from '@charter/simulation/testbed/monitor';
import { instantAt, scrape } from '@charter/simulation/testbed/scraped-testbed';

/** One fault on a testbed that ran in health before. */
export interface Trial {
  readonly seed: number;
  readonly kind: FaultKind;
  readonly component: ComponentName;
  readonly intensity: number;
  readonly hourOfDay: number;
  readonly healthySeconds: number;
}

export interface TrialResult {
  readonly trial: Trial;
  /** From the strike to the first violation; null when none was raised in time. */
  readonly detectedAfterSeconds: number | null;
  /** The component whose violation fired first. */
  readonly firstFired: string | null;
  /** The component that Analyze puts first, at the look it would act on. */
  readonly blamed: string | null;
  readonly metric: string | null;
  readonly confidence: number;
  readonly looks: number;
}

/** As Analyze is configured by default. */
const reading = { windowSeconds: 600, finestStepSeconds: 1, points: 400 };
const mostTargets = 60;
/** A fault that raised nothing for this long is missed. */
const patienceSeconds = 60;

/** Every kind in turn on each of its components, with intensity, hour and length of the past drawn from the seed. */
export function drawTrials(count: number): Trial[] {
  return Array.from({ length: count }, (_, index): Trial => {
    const kind = FAULT_KINDS[index % FAULT_KINDS.length] ?? 'latency';
    const turn = Math.floor(index / FAULT_KINDS.length);
    const { components } = FAULTS[kind];
    const seed = index + 1;
    return {
      seed,
      kind,
      component: components[turn % components.length] ?? 'payments',
      intensity: 0.6 + 0.4 * spreadOver(seed, Math.SQRT2),
      hourOfDay: 24 * spreadOver(seed, Math.sqrt(3)),
      healthySeconds: 60 + Math.floor(240 * spreadOver(seed, Math.sqrt(5))),
    };
  });
}

/** Evenly spread in [0, 1): the fractional parts of the multiples of an irrational number. */
const spreadOver = (seed: number, irrational: number): number => (seed * irrational) % 1;

/** Lets the system run in health, strikes it, and looks as the running loop would until it is sure or gives up. */
export async function runTrial(trial: Trial): Promise<TrialResult> {
  const { seed, kind, component, intensity, hourOfDay, healthySeconds } = trial;
  const testbed = createTestbed({ seed, startOfDaySeconds: hourOfDay * 3_600 });
  const prometheus = scrape(testbed, { keepSeconds: reading.windowSeconds + patienceSeconds });
  const monitor = monitorOn(prometheus, { phase: seed % 5 });
  const history = prometheusHistory(prometheus, reading, { windowRead: () => undefined });
  const deps: LookDeps = { history, pack: () => pack, mostTargets };
  for (let second = 0; second < healthySeconds; second += 1) monitor.watch(prometheus.tick());
  const struck = testbed.injectFault({ kind, component, intensity, durationSeconds: 600 });
  if ('refused' in struck) throw new Error(struck.detail);

  let result: TrialResult = {
    trial,
    detectedAfterSeconds: null,
    firstFired: null,
    blamed: null,
    metric: null,
    confidence: 0,
    looks: 0,
  };
  let incident: { readonly id: string; readonly openedAt: string } | null = null;
  for (let since = 1, lookAt = 0; since <= patienceSeconds + healthySeconds; since += 1) {
    const second = prometheus.tick();
    const fired = monitor
      .watch(second)
      .changes.flatMap(({ kind, violation }) => (kind === 'opened' ? [violation] : []))
      .sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1));
    const [first] = fired;
    if (incident === null && first) {
      incident = { id: first.incidentId, openedAt: first.startedAt };
      result = { ...result, detectedAfterSeconds: since, firstFired: first.component };
      lookAt = since;
    }
    if (incident === null) {
      if (since >= patienceSeconds) return result;
      continue;
    }
    const firing = monitor.firing(incident.id);
    if (firing.length === 0) return result;
    if (since < lookAt) continue;
    const { finding } = await lookAtIncident(incident.openedAt, firing, deps, instantAt(second));
    const [best] = finding.rootCauses;
    const { confidence, verdict } = finding;
    const looks = result.looks + 1;
    result = { ...result, blamed: best?.component ?? null, metric: best?.metric ?? null, confidence, looks };
    if (!isWorthAnotherLook({ verdict, confidence, revision: looks })) return result;
    lookAt = since + lookAgainSeconds;
  }
  return result;
}
