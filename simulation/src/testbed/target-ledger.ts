import {
  type ChargedStep,
  chargesOf,
  firstExhausted,
  refuseGeneration,
  refuseTarget,
  type Spec,
  defaultSettings as settings,
  specHash,
  type TargetStanding,
} from '@charter/app-execute/executor';
import type { Plan, Target, TargetState } from '@charter/shared/contracts';
import { pack } from './demo-pack.ts';

interface Lease {
  readonly generation: number;
  readonly holder: string | null;
  readonly changedAt: number | null;
  readonly changedBy: string | null;
  readonly previousSpec: Spec | null;
}

const untouched: Lease = { generation: 0, holder: null, changedAt: null, changedBy: null, previousSpec: null };

export interface Arming extends ChargedStep {
  readonly executionId: string;
  readonly plan: Plan;
}

/** Execute's records of its targets: generations, cool-down, breaker and budgets, in maps instead of tables. Times in seconds. */
export interface TargetLedger {
  /** Takes the targets of a plan for one step of it, or says which gate refuses and why. */
  arm(step: Arming, now: number): { readonly gate: string; readonly reason: string } | null;
  /** Whether a newer plan has changed a target since. */
  isSuperseded(plan: Plan, target: string): boolean;
  changed(executionId: string, target: string, before: Spec | null, now: number): void;
  failed(executionId: string, target: string, now: number): void;
  release(executionId: string): void;
  states(specOf: (target: string) => Spec, now: number, instantAt: (second: number) => Date): Map<string, TargetState>;
}

export function createTargetLedger(): TargetLedger {
  const leases = new Map<string, Lease>();
  const debits: { scope: string; amount: number; at: number }[] = [];
  const failures = new Map<string, { target: string; at: number }>();
  const leaseOf = (target: string): Lease => leases.get(target) ?? untouched;
  const cooldownOf = ({ limits }: Target): number => limits.cooldown ?? settings.cooldownSeconds;
  const failuresOn = (target: string, now: number) =>
    [...failures.values()].filter((one) => one.target === target && one.at > now - settings.breaker.windowSeconds);

  const standingOf = (target: string, now: number): TargetStanding => {
    const { generation, holder, changedBy, changedAt } = leaseOf(target);
    const secondsSinceChange = changedAt === null ? null : now - changedAt;
    const failed = failuresOn(target, now).length;
    return { target, generation, holder, isExpired: false, changedBy, secondsSinceChange, failures: failed };
  };

  function debit(step: Arming, now: number) {
    const charges = chargesOf(step, settings.budget);
    const since = now - settings.budget.windowSeconds;
    const spent = new Map<string, number>();
    for (const { scope, amount, at } of debits) if (at > since) spent.set(scope, (spent.get(scope) ?? 0) + amount);
    const exhausted = firstExhausted(charges, spent);
    if (exhausted !== null) return { gate: 'budget', reason: exhausted };
    debits.push(...charges.map(({ scope, amount }) => ({ scope, amount, at: now })));
    return null;
  }

  return {
    arm(step, now) {
      const { plan, executionId, action, target } = step;
      const standings = plan.actions.map((each) => standingOf(each.target, now));
      const limits = { breaker: settings.breaker, cooldownSeconds: cooldownOf(target) };
      const refused =
        refuseGeneration(plan, standings, executionId) ??
        refuseTarget(standingOf(action.target, now), executionId, limits) ??
        debit(step, now);
      if (refused) return refused;
      for (const { target: name } of plan.actions) {
        leases.set(name, { ...leaseOf(name), generation: plan.generations[name] ?? 0, holder: executionId });
      }
      return null;
    },
    isSuperseded: (plan, target) => leaseOf(target).generation > (plan.generations[target] ?? 0),
    changed(executionId, target, before, now) {
      const lease = leaseOf(target);
      leases.set(target, {
        ...lease,
        changedAt: now,
        changedBy: executionId,
        previousSpec: before ?? lease.previousSpec,
      });
    },
    failed: (executionId, target, now) => void failures.set(`${executionId} ${target}`, { target, at: now }),
    release(executionId) {
      for (const [target, lease] of leases) {
        if (lease.holder === executionId) leases.set(target, { ...lease, holder: null });
      }
    },
    states(specOf, now, instantAt) {
      return new Map(
        pack.targets.map((target) => {
          const { name } = target.metadata;
          const lease = leaseOf(name);
          const spec = specOf(name);
          const failed = failuresOn(name, now);
          const blocks = [
            ...(lease.changedAt === null
              ? []
              : [{ until: lease.changedAt + cooldownOf(target), reason: 'cool-down after its last change' }]),
            ...(failed.length < settings.breaker.failures
              ? []
              : [
                  {
                    until: Math.max(...failed.map(({ at }) => at)) + settings.breaker.windowSeconds,
                    reason: 'breaker open',
                  },
                ]),
          ].filter(({ until }) => until > now);
          const block = blocks.sort((a, b) => b.until - a.until)[0];
          const state: TargetState = {
            name,
            class: target.class,
            group: target.group,
            effector: target.effector.kind,
            guarantee: 'keyed',
            actions: target.actions,
            spec,
            previousSpec: lease.previousSpec,
            specHash: specHash(spec),
            generation: lease.generation,
            holder: lease.holder,
            blockedUntil: block ? instantAt(block.until).toISOString() : null,
            blockedReason: block?.reason ?? null,
            readAt: instantAt(now).toISOString(),
          };
          return [name, state];
        }),
      );
    },
  };
}
