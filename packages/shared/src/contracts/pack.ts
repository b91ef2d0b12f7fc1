import { z } from 'zod';
import { ActionType } from './action.ts';
import { PatternKind } from './analysis.ts';
import { Duration } from './duration.ts';
import { EffectorSpec } from './effector-spec.ts';
import { Comparator, Instant, Labels, MetricName, Name, Ratio, Severity } from './scalars.ts';

const metadata = z.strictObject({
  name: Name,
  description: z.string().max(2000).optional(),
  owner: Name.optional(),
  environment: Name.optional(),
  labels: Labels.optional(),
});

const document = <Kind extends string>(kind: Kind) => ({
  apiVersion: z.literal('charter/v1'),
  kind: z.literal(kind),
  metadata,
});

const PromQl = z.string().min(1).max(8000);
const globs = z.array(z.string().min(1).max(200)).max(100);

/** What is a violation: a PromQL query (one series a component) or an Alertmanager matcher, against a threshold. */
export const Rule = z
  .strictObject({
    ...document('Rule'),
    query: PromQl.optional(),
    alert: z.strictObject({ matchers: Labels }).optional(),
    /** The component itself, or the label of the series that names it. */
    component: Name.optional(),
    componentLabel: z.string().min(1).max(200).default('component'),
    metric: MetricName,
    comparator: Comparator.default('>'),
    threshold: z.number().optional(),
    /** Hysteresis: once firing, it resolves only beyond this value. */
    resolveThreshold: z.number().optional(),
    /** How long the threshold must be broken before it is a violation, and be kept before it is resolved. */
    for: Duration.optional(),
    resolveFor: Duration.optional(),
    /** Lets what is learned hold its violations back, up to so long in all, when most of them go away by themselves. */
    holdUpTo: Duration.optional(),
    severity: Severity.default('warning'),
    /** Plan only from a burst of three. */
    noisy: z.boolean().default(false),
    /** Name of the upstream to ask; the default one when absent. */
    upstream: Name.optional(),
  })
  .refine((rule) => (rule.query === undefined) !== (rule.alert === undefined), 'needs either query or alert')
  .refine((rule) => rule.query === undefined || rule.threshold !== undefined, {
    path: ['threshold'],
    message: 'a rule with a query needs a threshold',
  });
export type Rule = z.infer<typeof Rule>;

/** A named series of a component, for analysis and for verification of side effects. */
export const MetricWatch = z.strictObject({
  name: MetricName,
  query: PromQl,
  /** Which way is worse; both when absent. */
  worse: z.enum(['up', 'down', 'both']).default('both'),
});
export type MetricWatch = z.infer<typeof MetricWatch>;

/** A series that every component has, told apart by a label: evidence for analysis, one query for all of them. */
export const PackSignal = z.strictObject({
  ...document('Signal'),
  query: PromQl,
  /** The label that names the component. */
  componentLabel: z.string().min(1).max(200).default('component'),
  /** Which way is worse; both when absent. */
  worse: z.enum(['up', 'down', 'both']).default('both'),
});
export type PackSignal = z.infer<typeof PackSignal>;

const Seconds = z.number().positive().max(86_400);

/**
 * A pool of equal servers behind a balancer, each a processor-sharing queue: what planning needs to compute sizes instead
 * of guessing them. How many servers and how long one boots are `limits` and `boot`.
 */
export const TargetCapacity = z.strictObject({
  /** The signal that reads requests a second of the whole pool. */
  arrivals: MetricName,
  /** Mean response time that is late. */
  threshold: Duration,
  boot: Duration.prefault('0s'),
  /** How often the pool is planned. */
  period: Duration.prefault('60s'),
  /** Seconds of processor a request needs, and how much more on a server that has served nothing yet. */
  service: z.strictObject({ seconds: Seconds, coldExtraSeconds: z.number().min(0).default(0) }),
  /** Requests after which 5 % of the cold extra is left. */
  warmUpRequests: z.int().min(1).default(1),
  /** Optional content that can be left out: the setting that holds its share, the shares to choose from, and a request without it. */
  dimmer: z
    .strictObject({
      setting: z.string().min(1).max(100),
      levels: z.array(Ratio).min(1).max(20),
      service: z.strictObject({ seconds: Seconds, coldExtraSeconds: z.number().min(0).default(0) }),
    })
    .optional(),
  /** What a period is worth, in any one unit: a request a second with and without optional content, a server that is not needed. */
  worth: z
    .strictObject({
      request: z.number().positive().default(1.5),
      dimmedRequest: z.number().min(0).default(1),
      spareServer: z.number().min(0).default(10),
    })
    .prefault({}),
});
export type TargetCapacity = z.infer<typeof TargetCapacity>;

/** What can be acted on, how, and within which limits. Its name is the component's name. */
export const Target = z.strictObject({
  ...document('Target'),
  class: Name.default('service'),
  group: Name.default('default'),
  effector: EffectorSpec,
  actions: z.array(ActionType).min(1),
  limits: z
    .strictObject({
      minReplicas: z.int().min(0).default(1),
      maxReplicas: z.int().min(1).default(20),
      actionsPerHour: z.int().min(0).default(30),
      cooldown: Duration.optional(),
    })
    .prefault({}),
  /** Settings it is meant to have, as its effector reads them back: what `{declared: true}` in a strategy restores. */
  declared: z.record(z.string().max(100), z.json()).default({}),
  /** Lets `{capacity: true}` in a strategy compute how many servers, and how much optional content, to have. */
  capacity: TargetCapacity.optional(),
  /** Components this one calls. */
  dependsOn: z.array(Name).max(200).default([]),
  signals: z.array(MetricWatch).max(50).default([]),
});
export type Target = z.infer<typeof Target>;

/** A parameter is a literal, or computed from what the target has or is declared to have, within the target's limits. */
export const StrategyParameter = z.union([
  z.strictObject({ scaleBy: z.number().positive() }),
  z.strictObject({ add: z.number() }),
  /** What the target had before Charter last changed it. */
  z.strictObject({ previous: z.literal(true) }),
  /** What the target is declared to have. */
  z.strictObject({ declared: z.literal(true) }),
  /** What the capacity model of the target computes. */
  z.strictObject({ capacity: z.literal(true) }),
  z.json(),
]);
export type StrategyParameter = z.infer<typeof StrategyParameter>;

/**
 * What must hold before a strategy is worth trying: a setting that its target has now, or what the violations and the
 * evidence say of a metric. What is not known does not hold.
 */
export const Precondition = z
  .strictObject({
    /** As the target's effector reads it, a dot between levels: `replicas`, `config.workers`. */
    setting: z.string().min(1).max(200).optional(),
    metric: MetricName.optional(),
    /** Whose setting or metric; the root cause's component when absent. */
    target: Name.optional(),
    comparator: Comparator,
    value: z.union([z.number(), z.string().max(500), z.boolean()]),
  })
  .refine(({ setting, metric }) => (setting === undefined) !== (metric === undefined), 'needs either setting or metric')
  .refine(({ comparator, value }) => typeof value === 'number' || comparator === '==' || comparator === '!=', {
    path: ['comparator'],
    message: 'only numbers are above or below something',
  });
export type Precondition = z.infer<typeof Precondition>;

/** For which root causes which actions, in which order, and what to expect of them. */
export const Strategy = z.strictObject({
  ...document('Strategy'),
  match: z.strictObject({
    components: globs.optional(),
    classes: globs.optional(),
    metrics: globs.optional(),
    rules: globs.optional(),
    patterns: z.array(PatternKind).optional(),
  }),
  /** All of them must hold; each is checked and told when a plan is made. */
  preconditions: z.array(Precondition).max(20).default([]),
  actions: z
    .array(
      z.strictObject({
        id: Name.optional(),
        action: ActionType,
        /** A target's name; the root cause's component when absent. */
        target: Name.optional(),
        parameters: z.record(z.string().max(100), StrategyParameter).default({}),
        dependsOn: z.array(Name).max(20).default([]),
        cost: Ratio.optional(),
        risk: Ratio.optional(),
        delay: Duration.optional(),
        timeout: Duration.optional(),
      }),
    )
    .min(1)
    .max(20),
  /** Prior belief that the plan resolves the violation, before Knowledge has evidence. */
  expected: z.strictObject({ success: Ratio.default(0.6), delay: Duration.optional() }).prefault({}),
  /** Rung of the ladder: lower is tried first when utilities tie. */
  rung: z.int().min(0).max(100).default(0),
  /** Grants the learned selection to try it although another one is expected to do better, within a conservative budget. */
  explore: z.boolean().optional(),
});
export type Strategy = z.infer<typeof Strategy>;

const ClockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'is not hh:mm');
const Weekday = z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']);

/** When automation must keep still (freeze), when alerts do not count (maintenance), or a named time for conditions (hours). */
export const Window = z
  .strictObject({
    ...document('Window'),
    type: z.enum(['maintenance', 'freeze', 'hours']),
    targets: globs.default(['*']),
    from: Instant.optional(),
    until: Instant.optional(),
    /** Weekly, in UTC. */
    weekly: z.strictObject({ days: z.array(Weekday).min(1), start: ClockTime, end: ClockTime }).optional(),
  })
  .refine((window) => (window.weekly === undefined) !== (window.from === undefined || window.until === undefined), {
    message: 'needs either from and until, or weekly',
  });
export type Window = z.infer<typeof Window>;

/** The parts of a pack that services other than the charter read. Policies stay with the charter. */
export const PackDocument = z.discriminatedUnion('kind', [Rule, PackSignal, Target, Strategy, Window]);
export type PackDocument = z.infer<typeof PackDocument>;

/** The active pack as the charter hands it out: documents in their written form, policies by name only. */
export const ActivePack = z.object({
  id: z.string(),
  name: Name,
  version: z.string(),
  environment: Name,
  activatedAt: Instant,
  documents: z.array(z.json()),
  policies: z.array(Name),
});
export type ActivePack = z.infer<typeof ActivePack>;
