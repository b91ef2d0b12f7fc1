import { chanceAbove, harmBelief, harmPrior, ignorance, intervalOf, meanOf, successBelief } from '@charter/learning';
import { Ratio } from '@charter/shared/contracts';
import { z } from 'zod';
import { type ActionEvidence, actionEvidence, type KeyedTally, recoveryEvidence } from './action-evidence.ts';
import { changeText, count, percent } from './words.ts';

/** What outcomes teach, in words, with what it rests on. */
export const Insight = z.object({
  id: z.string(),
  kind: z.enum([
    'best-action',
    'useless-remedy',
    'harmful-action',
    'heals-itself',
    'side-effects',
    'odd-target',
    'changed',
    'promote',
    'demote',
  ]),
  text: z.string(),
  /** What to do about it. */
  advice: z.string(),
  /** Difference of rates that it speaks of, in [0, 1]. */
  effect: z.number(),
  /** Chance that it is so. */
  confidence: Ratio,
  evidence: z.array(z.object({ of: z.string(), trials: z.int(), mean: Ratio, lower: Ratio, upper: Ratio })),
});
export type Insight = z.infer<typeof Insight>;

/** No insight rests on less: trials as they weigh today, chance of being so, difference that matters. */
export const insightFloor = { trials: 5, confidence: 0.95, effect: 0.1, harm: 0.05 } as const;

/** All insights that hold, the surest first. */
export function insightsFrom(tallies: readonly KeyedTally[], halfLifeDays: number): Insight[] {
  const evidence = actionEvidence(tallies, halfLifeDays).filter(
    ({ strategy, tally }) => strategy === null && Math.round(tally.weight) >= insightFloor.trials,
  );
  const causes = [...new Set(tallies.map(({ rootCause }) => rootCause).filter((cause) => cause !== ''))].toSorted();
  return [
    ...causes.flatMap((cause) => [
      ...bestAction(evidence.filter(({ rootCause }) => rootCause === cause)),
      ...healsItself(cause, tallies, halfLifeDays),
    ]),
    ...evidence.flatMap((one) => [
      ...uselessRemedy(one, tallies, halfLifeDays),
      ...harmfulAction(one),
      ...sideEffects(one),
      ...changed(one),
    ]),
    ...oddTargets(tallies),
  ].toSorted((a, b) => b.confidence - a.confidence || b.effect - a.effect || a.id.localeCompare(b.id));
}

const nameOf = ({ action, targetClass }: ActionEvidence): string => `${action} on ${targetClass}`;
const ownBelief = ({ present }: ActionEvidence) => successBelief(ignorance, present);
const basis = (of: string, trials: number, belief: { alpha: number; beta: number }): Insight['evidence'][number] => ({
  of,
  trials,
  ...intervalOf(belief),
});

function bestAction(rivals: readonly ActionEvidence[]): Insight[] {
  const [best, second] = rivals.toSorted((a, b) => meanOf(ownBelief(b)) - meanOf(ownBelief(a)));
  if (!best || !second) return [];
  const confidence = chanceAbove(ownBelief(best), ownBelief(second));
  const effect = meanOf(ownBelief(best)) - meanOf(ownBelief(second));
  if (confidence < insightFloor.confidence || effect < insightFloor.effect) return [];
  const [better, worse] = [percent(meanOf(ownBelief(best))), percent(meanOf(ownBelief(second)))];
  return [
    {
      id: `best-action ${best.rootCause}`,
      kind: 'best-action',
      text: `Against ${best.rootCause}, ${nameOf(best)} helps in ${better} of cases and ${nameOf(second)} in ${worse}.`,
      advice: `Put ${best.action} first for ${best.rootCause}.`,
      effect,
      confidence,
      evidence: [best, second].map((one) => basis(nameOf(one), one.tally.trials, ownBelief(one))),
    },
  ];
}

function healsItself(rootCause: string, tallies: readonly KeyedTally[], halfLifeDays: number): Insight[] {
  const { tally } = recoveryEvidence(tallies, halfLifeDays, rootCause);
  if (Math.round(tally.weight) < insightFloor.trials) return [];
  const alone = successBelief(ignorance, tally);
  const confidence = chanceAbove(alone, { alpha: 500, beta: 500 });
  if (confidence < insightFloor.confidence) return [];
  return [
    {
      id: `heals-itself ${rootCause}`,
      kind: 'heals-itself',
      text: `${rootCause} went away by itself in ${percent(meanOf(alone))} of ${count(tally.trials, 'case')} left alone.`,
      advice: `Wait longer before acting on ${rootCause}: give its rule a longer \`for\`.`,
      effect: meanOf(alone) - 0.5,
      confidence,
      evidence: [basis(`${rootCause} left alone`, tally.trials, alone)],
    },
  ];
}

function uselessRemedy(one: ActionEvidence, tallies: readonly KeyedTally[], halfLifeDays: number): Insight[] {
  const { tally } = recoveryEvidence(tallies, halfLifeDays, one.rootCause);
  const seenAlone = Math.round(tally.weight) >= insightFloor.trials;
  const bar = seenAlone ? successBelief(ignorance, tally) : { alpha: 200, beta: 800 };
  const confidence = chanceAbove(bar, ownBelief(one));
  if (confidence < insightFloor.confidence) return [];
  const beside = seenAlone ? `left alone it goes away in ${percent(meanOf(bar))}` : 'that is less than one in five';
  return [
    {
      id: `useless-remedy ${one.rootCause} ${nameOf(one)}`,
      kind: 'useless-remedy',
      text: `${nameOf(one)} helps against ${one.rootCause} in ${percent(meanOf(ownBelief(one)))} of cases; ${beside}.`,
      advice: `Take ${one.action} out of the strategies for ${one.rootCause} on ${one.targetClass}.`,
      effect: meanOf(bar) - meanOf(ownBelief(one)),
      confidence,
      evidence: [
        basis(nameOf(one), one.tally.trials, ownBelief(one)),
        ...(seenAlone ? [basis(`${one.rootCause} left alone`, tally.trials, bar)] : []),
      ],
    },
  ];
}

function harmfulAction(one: ActionEvidence): Insight[] {
  const harm = harmBelief(harmPrior, one.tally);
  const bar = { alpha: insightFloor.harm * 1_000, beta: (1 - insightFloor.harm) * 1_000 };
  const confidence = chanceAbove(harm, bar);
  if (confidence < insightFloor.confidence) return [];
  return [
    {
      id: `harmful-action ${one.rootCause} ${nameOf(one)}`,
      kind: 'harmful-action',
      text: `${nameOf(one)} made ${one.rootCause} worse in ${percent(meanOf(harm))} of ${count(one.tally.trials, 'trial')}.`,
      advice: `Demote ${one.action} on ${one.targetClass} to approve, or deny it by policy.`,
      effect: meanOf(harm) - insightFloor.harm,
      confidence,
      evidence: [basis(`harm of ${nameOf(one)}`, one.tally.trials, harm)],
    },
  ];
}

function sideEffects(one: ActionEvidence): Insight[] {
  const { tally } = one;
  const belief = {
    alpha: harmPrior.alpha + tally.sideEffects,
    beta: harmPrior.beta + tally.weight - tally.sideEffects,
  };
  const confidence = chanceAbove(belief, {
    alpha: insightFloor.effect * 1_000,
    beta: (1 - insightFloor.effect) * 1_000,
  });
  if (confidence < insightFloor.confidence) return [];
  return [
    {
      id: `side-effects ${one.rootCause} ${nameOf(one)}`,
      kind: 'side-effects',
      text: `After ${nameOf(one)} against ${one.rootCause} a neighbor is unwell in ${percent(meanOf(belief))} of cases.`,
      advice: `Bound how far ${one.action} may go on ${one.targetClass}, or ask for approval.`,
      effect: meanOf(belief),
      confidence,
      evidence: [basis(`side effects of ${nameOf(one)}`, tally.trials, belief)],
    },
  ];
}

/** What worked until some time and no longer does, or the other way round. */
function changed(one: ActionEvidence): Insight[] {
  const { change, tally } = one;
  if (!change) return [];
  const worse = change.since < change.before;
  return [
    {
      id: `changed ${one.rootCause} ${nameOf(one)}`,
      kind: 'changed',
      text: `${nameOf(one)} ${worse ? 'no longer helps' : 'by now helps'} against ${one.rootCause}: ${changeText(change)}.`,
      advice: worse
        ? `Find out what changed for ${one.action} on ${one.targetClass}; what it taught before hardly counts any more.`
        : `Consider ${one.action} on ${one.targetClass} again.`,
      effect: Math.abs(change.since - change.before),
      confidence: 1 / (1 + Math.exp(-change.evidence)),
      evidence: [basis(`${nameOf(one)} since`, tally.trials, ownBelief(one))],
    },
  ];
}

/** Targets that answer an action unlike the rest of their class. */
function oddTargets(tallies: readonly KeyedTally[]): Insight[] {
  const actions = tallies.filter(({ kind }) => kind === 'action');
  const classes = Map.groupBy(actions, (one) => JSON.stringify([one.rootCause, one.action, one.targetClass]));
  return [...classes.values()].flatMap((ofClass) =>
    [...new Set(ofClass.map(({ target }) => target))].flatMap((target) => {
      const beliefOf = (some: readonly KeyedTally[]) => {
        const total = (of: 'weight' | 'successes' | 'trials') => some.reduce((sum, { tally }) => sum + tally[of], 0);
        const [weight, successes] = [total('weight'), total('successes')];
        return { weight, trials: total('trials'), belief: { alpha: 1 + successes, beta: 1 + weight - successes } };
      };
      const own = beliefOf(ofClass.filter((one) => one.target === target));
      const rest = beliefOf(ofClass.filter((one) => one.target !== target));
      const [first] = ofClass;
      if (!first || Math.round(Math.min(own.weight, rest.weight)) < insightFloor.trials) return [];
      const confidence = chanceAbove(rest.belief, own.belief);
      const effect = meanOf(rest.belief) - meanOf(own.belief);
      if (confidence < insightFloor.confidence || effect < 2 * insightFloor.effect) return [];
      const { rootCause, action, targetClass } = first;
      return [
        {
          id: `odd-target ${rootCause} ${action} ${target}`,
          kind: 'odd-target' as const,
          text:
            `${action} against ${rootCause} helps ${target} in ${percent(meanOf(own.belief))} of cases, ` +
            `other targets of class ${targetClass} in ${percent(meanOf(rest.belief))}.`,
          advice: `Give ${target} a class or a strategy of its own.`,
          effect,
          confidence,
          evidence: [
            basis(target, own.trials, own.belief),
            basis(`others of ${targetClass}`, rest.trials, rest.belief),
          ],
        },
      ];
    }),
  );
}
