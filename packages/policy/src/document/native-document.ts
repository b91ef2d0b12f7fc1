import { z } from 'zod';
import { defaultLimits } from '../limits.ts';
import { secondsFrom } from './duration.ts';

const name = z.string().min(1).max(200);
const text = z.string().max(2_000);
const pattern = z
  .string()
  .min(1)
  .max(defaultLimits.patternLength)
  .refine((value) => starsIn(value) <= defaultLimits.starsPerPattern, {
    error: `A pattern holds at most ${String(defaultLimits.starsPerPattern)} stars`,
  });
export function starsIn(text: string): number {
  let stars = 0;
  for (let at = text.indexOf('*'); at >= 0; at = text.indexOf('*', at + 1)) stars += 1;
  return stars;
}

const patterns = z.array(pattern).min(1).max(defaultLimits.patternsPerMatcher);
const duration = z.string().refine((value) => (secondsFrom(value) ?? 0) > 0, { error: 'Expected a duration like 15m' });
const fraction = z.union([
  z.number().min(0).max(1),
  z
    .string()
    .regex(/^\d{1,3}(?:\.\d+)?%$/, 'Expected a share such as 25% or 0.25')
    .refine((value) => Number.parseFloat(value) <= 100, { error: 'A share is at most 100%' }),
]);
const count = z.int().min(0).max(1_000_000);

export const Effect = z.enum(['allow', 'deny', 'require-approval']);
export type Effect = z.infer<typeof Effect>;
export const Rollout = z.enum(['enforce', 'warn', 'shadow']);
export type Rollout = z.infer<typeof Rollout>;
/** How far automation may go, from least to most. */
export const AutomationMode = z.enum(['observe', 'approve', 'auto']);
export type AutomationMode = z.infer<typeof AutomationMode>;

/** What a rule is about. Keys are joined by AND, the patterns of a key by OR; `*` stands for any text. */
export const MatchDocument = z
  .strictObject({
    actions: patterns.optional(),
    targets: patterns.optional(),
    metrics: patterns.optional(),
    classes: patterns.optional(),
    groups: patterns.optional(),
    roles: patterns.optional(),
    purposes: patterns.optional(),
    environments: patterns.optional(),
  })
  .refine((match) => Object.keys(match).length > 0, {
    error: 'An empty selector selects nothing: name at least one key, for example actions: ["*"]',
  });
export type MatchDocument = z.infer<typeof MatchDocument>;

const LimitDocument = z
  .strictObject({
    perMinute: count.optional(),
    perHour: count.optional(),
    perDay: count.optional(),
    concurrent: count.optional(),
    blastRadius: fraction.optional(),
  })
  .refine((limit) => Object.keys(limit).length > 0, { error: 'A limit names at least one bound' });

/** A condition on carrying out what was allowed. Obligations only tighten. */
export const ObligationDocument = z
  .strictObject({
    redact: z.array(name).min(1).max(100).optional(),
    approvers: name.optional(),
    quorum: z.int().min(1).max(100).optional(),
    within: duration.optional(),
    validFor: duration.optional(),
    limit: LimitDocument.optional(),
    retention: duration.optional(),
    notify: z.array(name).min(1).max(100).optional(),
  })
  .refine((obligation) => Object.keys(obligation).length > 0, { error: 'An obligation names at least one duty' })
  .refine(
    ({ approvers, quorum, within, validFor }) =>
      approvers !== undefined || (quorum === undefined && within === undefined && validFor === undefined),
    { error: 'quorum, within and validFor belong to approvers' },
  );
export type ObligationDocument = z.infer<typeof ObligationDocument>;

export const RuleDocument = z.strictObject({
  id: name,
  description: text.optional(),
  effect: Effect,
  match: MatchDocument,
  when: z.string().min(1).max(defaultLimits.expressionLength).optional(),
  rollout: Rollout.optional(),
  automation: z.strictObject({ max: AutomationMode }).optional(),
  obligations: z.array(ObligationDocument).max(20).optional(),
});
export type RuleDocument = z.infer<typeof RuleDocument>;

const PlanFacts = z.strictObject({
  risk: z.number().optional(),
  cost: z.number().optional(),
  benefit: z.number().optional(),
  blastRadius: z.number().optional(),
  confidence: z.number().optional(),
  steps: z.int().optional(),
  priority: z.string().optional(),
  rootCause: z.string().optional(),
});

/** A request as a test in the document writes it. `now` defaults to 2026-01-05T12:00:00Z, a Monday noon. */
export const TestRequestDocument = z.strictObject({
  action: z.string().min(1).max(500),
  target: z.string().max(500).optional(),
  targetClass: z.string().max(500).optional(),
  group: z.string().max(500).optional(),
  metric: z.string().max(500).optional(),
  source: z.string().max(500).optional(),
  role: z.string().max(500).optional(),
  purpose: z.string().max(500).optional(),
  environment: z.string().max(500).optional(),
  labels: z.record(z.string(), z.string()).optional(),
  plan: PlanFacts.optional(),
  value: z.union([z.number(), z.string()]).optional(),
  windows: z.array(z.string()).optional(),
  now: z.iso.datetime({ offset: true }).optional(),
});
export type TestRequestDocument = z.infer<typeof TestRequestDocument>;

export const TestDocument = z.strictObject({
  name,
  request: TestRequestDocument,
  expect: z.strictObject({ effect: Effect, rule: name.nullable().optional() }),
});
export type TestDocument = z.infer<typeof TestDocument>;

const LevelDocument = z.strictObject({
  name,
  threshold: z.int().min(1).max(1_000_000),
  action: name.optional(),
});

export const NativeDocument = z.strictObject({
  apiVersion: z.literal('charter/v1'),
  kind: z.literal('Policy'),
  metadata: z.strictObject({
    name,
    owner: name.optional(),
    environment: name.optional(),
    version: name.optional(),
    description: text.optional(),
    requiresApproval: z.boolean().optional(),
    labels: z.record(z.string(), z.string()).optional(),
  }),
  rollout: Rollout.optional(),
  rules: z.array(RuleDocument).min(1).max(defaultLimits.rulesPerPolicy),
  /** When repeated attempts at a forbidden metric become an event, and how severe. */
  escalation: z
    .strictObject({ window: duration.optional(), levels: z.array(LevelDocument).min(1).max(20).optional() })
    .optional(),
  tests: z.array(TestDocument).max(defaultLimits.testsPerPolicy).optional(),
});
export type NativeDocument = z.infer<typeof NativeDocument>;
