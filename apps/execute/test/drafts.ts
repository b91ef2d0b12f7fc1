import { createHash } from 'node:crypto';
import {
  ActionType,
  type Approval,
  type Plan,
  type PlannedAction,
  Target,
  type VerificationSignal,
  type Violation,
} from '@charter/shared/contracts';
import { newId } from '@charter/store';

export type ActionDraft = Partial<PlannedAction> & Pick<PlannedAction, 'action'>;

export const actionFrom = (draft: ActionDraft): PlannedAction => ({
  id: draft.action,
  target: 'payments',
  parameters: {},
  dependsOn: [],
  cost: 0.1,
  risk: 0.1,
  reversible: draft.action !== 'RESTART_SERVICE',
  delaySeconds: 0,
  timeoutSeconds: 5,
  ...draft,
});

export const violated = (draft: Partial<VerificationSignal> = {}): VerificationSignal => ({
  role: 'violated',
  fingerprint: null,
  rule: 'payments-latency',
  component: 'payments',
  metric: 'latency_p95',
  query: 'latency',
  comparator: '>',
  threshold: 1,
  before: 2,
  ...draft,
});

export type PlanDraft = Partial<Omit<Plan, 'actions' | 'verification'>> & {
  actions: ActionDraft[];
  verification?: Partial<Plan['verification']>;
};

let generation = 0;

/** A plan that may be carried out at once, newer than every plan made before. */
export function planFrom({ actions: drafts, verification, ...draft }: PlanDraft): Plan {
  const actions = drafts.map(actionFrom);
  generation += 1;
  return {
    id: newId(),
    incidentId: newId(),
    analysisId: newId(),
    environment: 'production',
    strategy: 'test-strategy',
    rootCause: { component: 'payments', metric: 'latency_p95', confidence: 0.9 },
    priority: 'high',
    benefit: 0.8,
    cost: 0.1,
    risk: 0.1,
    utility: 0.7,
    alternatives: [],
    reasons: [],
    mode: 'auto',
    approval: 'auto_approved',
    obligations: {},
    decisionIds: [],
    hash: createHash('sha256').update(JSON.stringify(actions)).digest('hex'),
    generations: Object.fromEntries(actions.map(({ target }) => [target, generation])),
    createdAt: new Date().toISOString(),
    expiresAt: new Date(Date.now() + 60_000).toISOString(),
    ...draft,
    actions,
    verification: {
      signals: [violated()],
      delaySeconds: 0,
      samples: 3,
      intervalSeconds: 0.02,
      windowSeconds: 0.2,
      ...verification,
    },
  };
}

/** A target as a pack writes it. */
export const targetDocument = (name: string, effector: unknown, rest: Record<string, unknown> = {}) => ({
  apiVersion: 'charter/v1',
  kind: 'Target',
  metadata: { name },
  group: 'shop',
  effector,
  actions: ActionType.options,
  ...rest,
});

export const targetFrom = (name: string, effector: unknown, rest: Record<string, unknown> = {}): Target =>
  Target.parse(targetDocument(name, effector, rest));

export const violationFrom = (draft: Partial<Violation> = {}): Violation => ({
  id: newId(),
  fingerprint: 'f'.repeat(32),
  episode: 1,
  revision: 1,
  incidentId: newId(),
  environment: 'production',
  rule: 'payments-latency',
  component: 'payments',
  metric: 'latency_p95',
  severity: 'warning',
  state: 'firing',
  value: 2,
  threshold: 1,
  comparator: '>',
  labels: {},
  description: '',
  source: 'prometheus',
  query: 'latency',
  startedAt: new Date().toISOString(),
  detectedAt: new Date().toISOString(),
  resolvedAt: null,
  suppressed: null,
  ...draft,
});

/** The charter's record that people approved a plan. */
export const approvalFrom = (plan: Plan, draft: Partial<Approval> = {}): Approval => ({
  id: newId(),
  planId: plan.id,
  planHash: plan.hash,
  incidentId: plan.incidentId,
  title: plan.strategy,
  explanation: '',
  action: plan.actions[0]?.action ?? 'SCALE_UP',
  target: plan.actions[0]?.target ?? 'web',
  requestedBy: 'plan',
  obligations: plan.obligations,
  status: 'approved',
  quorum: 1,
  votes: [{ by: 'ada', vote: 'approve', reason: null, at: new Date().toISOString() }],
  createdAt: new Date().toISOString(),
  expiresAt: plan.expiresAt,
  decidedAt: new Date().toISOString(),
  ...draft,
});
