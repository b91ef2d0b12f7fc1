import type { Plan } from '@charter/shared/contracts';
import { newId } from '@charter/store';

/** Plans over a number of targets in turn; each is violated until it has as many replicas as its plan's generation. */
export function plansOver(targets: number): () => Plan {
  let made = 0;
  return () => {
    const plan = planOf(`target-${String(made % targets)}`, 1 + Math.floor(made / targets));
    made += 1;
    return plan;
  };
}

function planOf(target: string, generation: number): Plan {
  const at = Date.now();
  return {
    id: newId(),
    incidentId: newId(),
    analysisId: newId(),
    environment: 'production',
    strategy: 'add-capacity',
    rootCause: { component: target, metric: 'saturation', confidence: 0.9 },
    actions: [
      {
        id: 'step-1',
        action: 'SCALE_UP',
        target,
        parameters: { replicas: generation },
        dependsOn: [],
        cost: 0.15,
        risk: 0.15,
        reversible: true,
        delaySeconds: 0,
        timeoutSeconds: 5,
      },
    ],
    priority: 'high',
    benefit: 0.8,
    cost: 0.15,
    risk: 0.15,
    utility: 0.5,
    alternatives: [],
    reasons: ['latency is above its threshold'],
    mode: 'auto',
    approval: 'auto_approved',
    obligations: {},
    decisionIds: [],
    verification: {
      signals: [
        {
          role: 'violated',
          fingerprint: null,
          rule: 'latency',
          component: target,
          metric: 'latency_p95',
          query: String(generation),
          comparator: '>',
          threshold: 1,
          before: 2,
        },
      ],
      delaySeconds: 0,
      samples: 3,
      intervalSeconds: 0.001,
      windowSeconds: 30,
    },
    hash: newId(),
    generations: { [target]: generation },
    createdAt: new Date(at).toISOString(),
    expiresAt: new Date(at + 3_600_000).toISOString(),
  };
}
