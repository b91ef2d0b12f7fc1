import {
  type AutonomyRecord,
  type AutonomySurroundings,
  type AutonomyTier,
  autonomyTiers,
  createRandom,
  observeCase,
  type Random,
  seedOf,
  unproven,
} from '@charter/learning';

/** How one simulated world went; counts of policies unless it says otherwise. */
export interface AutonomyResult {
  readonly policies: number;
  readonly drifted: number;
  readonly nulls: number;
  readonly nullsPromoted: number;
  /** Automatic acts did more harm on average than the tier allows. */
  readonly exceeded: number;
  readonly driftedExceeded: number;
  /** Safe policies that an oracle would let act from the first day, and those that earned it within 90 days. */
  readonly safe: number;
  readonly granted: number;
  /** Share of the safe policies' cases that were acted on without asking, over the two years as far as they stayed safe. */
  readonly safeAlone: number;
  readonly safeByTier: Readonly<Record<string, { safe: number; granted: number }>>;
  /** Bad automatic cases between a drift and the demotion, on average and at most. */
  readonly badBeforeDemotion: { readonly mean: number; readonly most: number };
}

interface Policy {
  readonly tier: AutonomyTier;
  readonly isNull: boolean;
  readonly selfRecovery: number;
  success: number;
  harm: number;
  readonly driftsAt: number | null;
  readonly before: { readonly success: number; readonly harm: number };
  record: AutonomyRecord;
  alone: { cases: number; recovered: number };
  /** Cases before any drift, and how many of them were acted on without asking. */
  soundCases: number;
  soundAlone: number;
  acts: number;
  harmSum: number;
  grantedAt: number | null;
  everAuto: boolean;
  badSinceDrift: number;
}

const dayMs = 86_400_000;
const familySize = 20;
const perMonth = 10;
const approvedShare = 0.8;

/**
 * Families of twenty like policies, each with ten incidents a month for two years. A fifth does nothing (success is the
 * problem's own recovery), a fifth does harm, the rest helps; three in ten turn bad at some time.
 */
export function simulateAutonomy(policyCount: number, seed: number): AutonomyResult {
  const policies: Policy[] = [];
  const bad: number[] = [];
  while (policies.length < policyCount) {
    // worlds of their own seeds, so that other rules meet the same worlds
    const world = `${String(seed)}/${String(policies.length)}`;
    const family = createFamily(createRandom(seedOf(`${world} made`)));
    bad.push(...live(family, createRandom(seedOf(`${world} lived`))));
    policies.push(...family);
  }
  const safe = policies.filter((policy) => isSafe(policy) && (policy.driftsAt ?? Number.POSITIVE_INFINITY) > 90);
  const granted = safe.filter(({ grantedAt }) => grantedAt !== null && grantedAt <= 90);
  const exceeded = policies.filter(({ acts, harmSum, tier }) => acts > 0 && harmSum / acts > tier.harmAtMost);
  const nulls = policies.filter(({ isNull }) => isNull);
  return {
    policies: policies.length,
    drifted: policies.filter(({ driftsAt }) => driftsAt !== null).length,
    nulls: nulls.length,
    nullsPromoted: nulls.filter(({ everAuto }) => everAuto).length,
    exceeded: exceeded.length,
    driftedExceeded: exceeded.filter(({ driftsAt }) => driftsAt !== null).length,
    safe: safe.length,
    granted: granted.length,
    safeAlone: total(safe, 'soundAlone') / Math.max(1, total(safe, 'soundCases')),
    safeByTier: Object.fromEntries(
      Object.keys(autonomyTiers).map((name) => [
        name,
        {
          safe: safe.filter(({ tier }) => tier.name === name).length,
          granted: granted.filter(({ tier }) => tier.name === name).length,
        },
      ]),
    ),
    badBeforeDemotion: {
      mean: bad.reduce((sum, one) => sum + one, 0) / Math.max(1, bad.length),
      most: Math.max(0, ...bad),
    },
  };
}

const total = (policies: readonly Policy[], of: 'soundAlone' | 'soundCases'): number =>
  policies.reduce((sum, policy) => sum + policy[of], 0);

const isSafe = ({ tier, before, selfRecovery, isNull }: Policy): boolean =>
  !isNull && before.harm <= tier.harmAtMost && before.success >= Math.max(tier.successAtLeast, selfRecovery);

function createFamily(random: Random): Policy[] {
  const between = (low: number, high: number): number => low + (high - low) * random.uniform();
  const draw = random.uniform();
  const tier = draw < 0.5 ? autonomyTiers.low : draw < 0.85 ? autonomyTiers.medium : autonomyTiers.high;
  const kind = random.uniform();
  const isNull = kind < 0.2;
  const harmful = kind > 0.8;
  const selfRecovery = between(0.05, 0.6);
  const success = isNull ? selfRecovery : harmful ? between(0.5, 0.9) : between(0.75, 0.98);
  const harm = harmful ? between(0.08, 0.35) : isNull ? 0.005 : 0.03 * random.uniform() ** 2;
  return Array.from({ length: familySize }, () => {
    const own = { success, harm: Math.min(1 - success, harm * between(0.5, 1.5)) };
    return {
      tier,
      isNull,
      selfRecovery,
      ...own,
      before: own,
      driftsAt: random.uniform() < 0.3 ? between(30, 730) : null,
      record: unproven,
      alone: { cases: 0, recovered: 0 },
      soundCases: 0,
      soundAlone: 0,
      acts: 0,
      harmSum: 0,
      grantedAt: null,
      everAuto: false,
      badSinceDrift: 0,
    };
  });
}

/** Two years of a family. @returns bad automatic cases between drift and demotion, for each demotion after a drift */
function live(family: Policy[], random: Random): number[] {
  const bad: number[] = [];
  let day = 0;
  const perDay = (perMonth / 30) * family.length;
  while (day < 730) {
    day += -Math.log(1 - random.uniform()) / perDay;
    const policy = family[random.integer(family.length)];
    if (!policy) continue;
    if (policy.driftsAt !== null && day > policy.driftsAt && policy.success === policy.before.success) {
      policy.success = policy.selfRecovery * 0.5;
      policy.harm = 0.1 + 0.3 * random.uniform();
    }
    const { mode } = policy.record;
    const acted = mode === 'auto' || (mode === 'approve' && random.uniform() < approvedShare);
    const luck = random.uniform();
    const success = acted ? (luck < policy.success ? 1 : 0) : luck < policy.selfRecovery ? 1 : 0;
    const harm = acted && success === 0 && luck > 1 - policy.harm;
    if (policy.success === policy.before.success) {
      policy.soundCases += 1;
      policy.soundAlone += mode === 'auto' ? 1 : 0;
    }
    if (mode === 'auto') {
      policy.acts += 1;
      policy.harmSum += policy.harm;
    }
    if (!acted) {
      policy.alone = { cases: policy.alone.cases + 1, recovered: policy.alone.recovered + success };
    }
    policy.record = observeCase(
      policy.record,
      { at: day * dayMs, acted, success, harm },
      policy.tier,
      surroundingsOf(policy, family),
    );
    if (mode === 'auto' && policy.success !== policy.before.success && success === 0) {
      policy.badSinceDrift += 1;
      if (policy.record.mode !== 'auto') {
        bad.push(policy.badSinceDrift);
        policy.badSinceDrift = 0;
      }
    }
    if (policy.record.mode === 'auto') {
      policy.everAuto = true;
      policy.grantedAt ??= day;
    }
  }
  return bad;
}

/** What the family's other members show; left-alone cases of all members are of the same problem. */
function surroundingsOf(policy: Policy, family: readonly Policy[]): AutonomySurroundings {
  let [likeCases, likeSuccesses, likeHarms, aloneCases, recovered] = [0, 0, 0, 0, 0];
  for (const { record, alone } of family) {
    aloneCases += alone.cases;
    recovered += alone.recovered;
    if (record === policy.record) continue;
    likeCases += record.cases;
    likeSuccesses += record.successes;
    likeHarms += record.harms;
  }
  return { likeCases, likeSuccesses, likeHarms, selfRecoveryAtMost: upperOf(recovered, aloneCases) };
}

/** Upper end of the 90 % interval, by the normal approximation with two pseudo-cases (Agresti and Coull 1998). */
function upperOf(events: number, cases: number): number {
  const n = cases + 4;
  const p = (events + 2) / n;
  return Math.min(1, p + 1.645 * Math.sqrt((p * (1 - p)) / n));
}
