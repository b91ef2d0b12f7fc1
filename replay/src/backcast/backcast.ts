import { makePlan } from '@charter/app-plan/plan-incident';
import { defaultSettings, type PlanningSettings } from '@charter/app-plan/planner';
import type { Prometheus } from '@charter/prometheus';
import { grantedToAll, judgeBy } from '../charter-again.ts';
import { acts, compareCourses, type Difference, type DifferenceKind } from '../compare-courses.ts';
import type { Course } from '../decide-again.ts';
import type { ReplayPack } from '../read-pack.ts';
import { counter, type Spent } from '../tally-replay.ts';
import { incidentsFrom, type PastIncident } from './past-incidents.ts';
import { type PastMemory, situationAt } from './past-situation.ts';
import { readPast } from './read-past.ts';

export interface BackcastReport {
  readonly kind: 'backcast';
  readonly from: string;
  readonly to: string;
  readonly alerts: number;
  readonly violations: number;
  readonly incidents: number;
  /** Incidents that were over within the time plan watches one, and those of them that were over before a remedy would have shown. */
  readonly healedAlone: number;
  readonly actedThough: number;
  readonly different: number;
  readonly byKind: Readonly<Partial<Record<DifferenceKind, number>>>;
  readonly verdicts: Readonly<Record<string, number>>;
  readonly spent: { readonly before: Spent; readonly after: Spent };
  readonly differences: readonly Difference[];
  readonly seconds: number;
}

export interface BackcastOptions {
  readonly prometheus: Pick<Prometheus, 'range'>;
  readonly pack: ReplayPack;
  /** What the pack is compared with; nothing would have been done without one. */
  readonly against: ReplayPack | null;
  readonly environment: string;
  readonly since: Date;
  readonly until: Date;
  readonly stepSeconds: number;
  readonly settings?: Partial<PlanningSettings>;
  readonly kept?: number;
}

const quietSeconds = 15;

/** What the pack would have done about what was wrong in the past. Asks Prometheus, changes nothing. */
export async function backcast(options: BackcastOptions): Promise<BackcastReport> {
  const { against, kept = 1_000, until, since, stepSeconds } = options;
  const started = performance.now();
  const settings = { ...defaultSettings, ...options.settings };
  const align = (date: Date): number => Math.floor(date.getTime() / 1_000 / stepSeconds) * stepSeconds;
  const past = await readPast({ ...options, from: align(since), to: align(until) });
  const incidents = incidentsFrom(past.violations, Math.max(quietSeconds, stepSeconds));
  const after = await coursesOf(incidents, options.pack, options, settings);
  const before = against ? await coursesOf(incidents, against, options, settings) : null;
  const spent = { before: counter(), after: counter() };
  const byKind: Partial<Record<DifferenceKind, number>> = {};
  const verdicts: Record<string, number> = {};
  const differences: Difference[] = [];
  let [healedAlone, actedThough, different] = [0, 0, 0];
  for (const [index, incident] of incidents.entries()) {
    const now = after[index];
    if (!now?.plan) continue;
    const then = before?.[index] ?? { status: 'quiet' as const, plan: null };
    spent.before.add(then);
    spent.after.add(now);
    if (isOverWithin(incident, settings.watchSeconds)) {
      healedAlone += 1;
      if (acts(now) && isOverWithin(incident, now.plan.verification.delaySeconds + stepSeconds)) actedThough += 1;
    }
    const turn = `${then.status} → ${now.status}`;
    if (then.status !== now.status) verdicts[turn] = (verdicts[turn] ?? 0) + 1;
    const difference = before === null && !acts(now) ? null : compareCourses(now.plan, then, now);
    if (!difference) continue;
    different += 1;
    byKind[difference.kind] = (byKind[difference.kind] ?? 0) + 1;
    if (differences.length < kept) differences.push(difference);
  }
  return {
    kind: 'backcast',
    from: since.toISOString(),
    to: until.toISOString(),
    alerts: past.alerts,
    violations: past.violations.length,
    incidents: incidents.length,
    healedAlone,
    actedThough,
    different,
    byKind,
    verdicts,
    spent: { before: spent.before.spent(), after: spent.after.spent() },
    differences,
    seconds: (performance.now() - started) / 1_000,
  };
}

const isOverWithin = ({ from, until }: PastIncident, seconds: number): boolean =>
  until !== null && until - from <= seconds;

/** What a pack would have done about each incident, in the order they began. */
async function coursesOf(
  incidents: readonly PastIncident[],
  pack: ReplayPack,
  { environment, stepSeconds }: BackcastOptions,
  settings: PlanningSettings,
): Promise<Course[]> {
  let running: PastIncident[] = [];
  const ended: PastIncident[] = [];
  const memory: PastMemory = {
    alone: new Map(),
    acts: new Map(),
    unhealthy: () => new Set(running.map(({ component }) => component)).size,
  };
  const courses: Course[] = [];
  for (const incident of incidents) {
    const isOver = ({ until }: PastIncident): boolean => until !== null && until <= incident.from;
    for (const over of running.filter(isOver)) {
      const metric = over.violations[0]?.subject.metric ?? '';
      const seen = memory.alone.get(metric) ?? { recovered: 0, seen: 0 };
      const recovered = seen.recovered + (isOverWithin(over, settings.watchSeconds) ? 1 : 0);
      memory.alone.set(metric, { recovered, seen: seen.seen + 1 });
      ended.push(over);
    }
    running = [...running.filter((one) => !isOver(one)), incident];
    const situation = situationAt(incident, pack, memory, environment, settings, stepSeconds);
    const { status, plan } = await makePlan(situation, {
      settings,
      metrics: { scored: () => undefined },
      newId: () => situation.analysis.id,
      charter: { decide: async (request) => judgeBy(pack, request, incident.from * 1_000, grantedToAll) },
    });
    if (status === 'sent') {
      for (const target of new Set(plan.actions.map((action) => action.target))) {
        memory.acts.set(target, [...(memory.acts.get(target) ?? []).slice(-100), incident.from]);
      }
    }
    courses.push({ status, plan });
  }
  return courses;
}
