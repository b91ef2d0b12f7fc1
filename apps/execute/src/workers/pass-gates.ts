import type { Plan, PlannedAction, Target } from '@charter/shared/contracts';
import { CharterError } from '@charter/shared/contracts';
import type { Health } from '../adapters/budget-records.ts';
import { blastRadiusOf, refuseAction } from '../domain/admission.ts';
import { questionOf } from '../domain/charter-question.ts';
import { judgeDecision } from '../domain/charter-verdict.ts';
import { isProtectedTarget } from '../domain/protection.ts';
import type { Reading } from '../domain/reading.ts';
import { judgeTrigger, suppressionBy } from '../domain/trigger.ts';
import type { ExecuteDeps } from './deps.ts';

/** Fresh leave to act: `until` on the monotonic clock. */
export interface Leave {
  readonly until: number;
}

export type GateAnswer<Passed> =
  | ({ readonly kind: 'pass' } & Passed)
  /** Cannot be asked now, or stopped for a while: ask again. */
  | { readonly kind: 'hold'; readonly gate: string; readonly reason: string; readonly isPause: boolean }
  | { readonly kind: 'refuse'; readonly gate: string; readonly reason: string; readonly ask: boolean }
  /** What the plan was made for is over. */
  | { readonly kind: 'gone'; readonly gate: string; readonly reason: string; readonly isResolved: boolean };

/** No permit is trusted for longer than this, whatever it says. */
const longestPermitMs = 5_000;

type Held = Extract<GateAnswer<unknown>, { kind: 'hold' }>;
const hold = (gate: string, reason: string, isPause = false): Held => ({ kind: 'hold', gate, reason, isPause });
const refuse = (gate: string, reason: string, ask = false) => ({ kind: 'refuse' as const, gate, reason, ask });

/** Leave to act: a fresh permit, and no pause file on this host. Everything that acts needs it, the way back too. */
export async function askLeave(
  { permits, localPause, clock }: Pick<ExecuteDeps, 'permits' | 'localPause' | 'clock'>,
  asked: { executionId: string; group: string; policies: readonly string[] },
): Promise<GateAnswer<Leave>> {
  const askedAt = clock.now();
  const permit = await unlessAway('permit', permits.request(asked));
  if (isHeld(permit)) return permit;
  if (!permit.granted) return hold('permit', permit.reason ?? 'The orchestrator gives no permit', true);
  const validMs = Math.min(longestPermitMs, Date.parse(permit.expiresAt) - Date.parse(permit.issuedAt));
  const until = askedAt + validMs;
  if (!(until > clock.now())) return hold('permit', 'The permit expired before it arrived');
  if (await localPause.isPaused()) return hold('pause-file', 'A pause file stops this host', true);
  return { kind: 'pass', until };
}

export interface StepLeave extends Leave {
  readonly policies: readonly string[];
  /** How often the policies allow such a step; null when they do not say. */
  readonly perHour: number | null;
  readonly readings: readonly Reading[];
  readonly blastRadius: number;
}

/**
 * All that is asked of others before a step; the first reason in this order counts: permit and pause file, target,
 * charter, trigger, storm brake. Generation, breaker, budgets and cool-down follow as it is armed. What does not depend
 * on each other is asked at once, and the permit once more at the end, by the policies that decided.
 */
export async function passGates(
  deps: ExecuteDeps,
  step: {
    executionId: string;
    plan: Plan;
    action: PlannedAction;
    target: Target;
    isFirst: boolean;
    ownSilences: ReadonlySet<string>;
    /** Tells the storm brake how much is unhealthy; answers why it holds everything, or null. */
    brake: (health: Health) => Promise<string | null>;
  },
): Promise<GateAnswer<StepLeave>> {
  const { executionId, plan, action, target, isFirst } = step;
  const leave = await askLeave(deps, { executionId, group: target.group, policies: [] });
  if (leave.kind !== 'pass') return leave;
  const outside = refuseAction(action, target);
  if (outside !== null) return refuse('target', outside);
  const blastRadius = blastRadiusOf(plan, target, deps.targets.all());
  const [decision, approval, trigger, storm] = await Promise.all([
    unlessAway('charter', deps.decisions.decide(questionOf(plan, action, target, blastRadius))),
    plan.approval === 'approved' ? unlessAway('charter', deps.decisions.approvalOf(plan.id)) : null,
    checkTrigger(deps, step),
    isFirst ? checkStorm(deps, step.brake) : null,
  ]);
  if (isHeld(decision)) return decision;
  if (isHeld(approval)) return approval;
  const isProtected = isProtectedTarget(target, deps.ownUrls);
  const verdict = judgeDecision(decision, { plan, action, blastRadius, isProtected, approval });
  if (verdict.kind === 'denied') return refuse('charter', verdict.reason);
  if (verdict.kind === 'ask') return refuse('charter', verdict.reason, true);
  if (trigger.kind !== 'pass') return trigger;
  if (storm !== null) return storm;
  const { policies, perHour } = verdict;
  const named = await askLeave(deps, { executionId, group: target.group, policies });
  if (named.kind !== 'pass') return named;
  return { ...named, policies, perHour, readings: trigger.readings, blastRadius };
}

/** Looks again at what raised the plan. Absent, stale, partial, silenced or resolved evidence lets nothing through. */
async function checkTrigger(
  { signals, violations }: ExecuteDeps,
  { plan, isFirst, ownSilences }: { plan: Plan; isFirst: boolean; ownSilences: ReadonlySet<string> },
): Promise<GateAnswer<{ readings: readonly Reading[] }>> {
  const [readings, found] = await Promise.all([
    Promise.all(plan.verification.signals.map((signal) => signals.read(signal))),
    unlessAway(
      'trigger',
      Promise.all(
        plan.verification.signals.map(({ role, fingerprint }) =>
          role === 'violated' && fingerprint !== null ? violations.find(fingerprint) : null,
        ),
      ),
    ),
  ]);
  if (isHeld(found)) return found;
  const evidence = plan.verification.signals.flatMap((signal, index) => {
    const reading = readings[index];
    if (signal.role !== 'violated' || reading === undefined) return [];
    return [{ signal, reading, suppressed: suppressionBy(found[index]?.suppressed ?? null, ownSilences) }];
  });
  const verdict = judgeTrigger(evidence);
  switch (verdict.kind) {
    case 'firing':
      return { kind: 'pass', readings };
    case 'gone':
    case 'silenced':
      return { kind: 'gone', gate: 'trigger', reason: verdict.reason, isResolved: verdict.kind === 'gone' };
    case 'inconclusive':
      return isFirst ? refuse('trigger', verdict.reason) : hold('trigger', verdict.reason);
  }
}

async function checkStorm(
  deps: ExecuteDeps,
  brake: (health: Health) => Promise<string | null>,
): Promise<GateAnswer<never> | null> {
  const firing = await unlessAway('storm', deps.violations.firingComponents());
  if (isHeld(firing)) return firing;
  const names = deps.targets.all().map(({ metadata }) => metadata.name);
  const unhealthy = names.filter((name) => firing.has(name)).length;
  const storm = await brake({ targets: names.length, unhealthy });
  return storm === null ? null : refuse('storm', storm);
}

/** The answer, or a hold when whoever was asked is out of reach: no answer is never a yes. */
async function unlessAway<Answer>(gate: string, asked: Promise<Answer>): Promise<Answer | Held> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof CharterError && error.retryable) return hold(gate, error.message);
    throw error;
  }
}

const isHeld = <Answer>(answer: Answer | Held): answer is Held =>
  typeof answer === 'object' && answer !== null && 'kind' in answer && answer.kind === 'hold';
