import { inSpan, type Tracing } from '@charter/service';
import { traceparentOfIncident } from '@charter/shared/contracts';
import type { Effector, Effectors } from '../ports.ts';

/** The same effectors, each effect a span of its incident's trace; the effectors themselves where tracing is off. */
export function tracedEffectors(effectors: Effectors, tracing: Tracing | null): Effectors {
  if (tracing === null) return effectors;
  return {
    async of(target) {
      const effector = await effectors.of(target);
      return { ...effector, apply: (request) => traced(effector, request, target.metadata.name, tracing) };
    },
  };
}

function traced(effector: Effector, request: Parameters<Effector['apply']>[0], target: string, tracing: Tracing) {
  const { incidentId } = request.purpose;
  const options = {
    kind: 'client',
    parent: traceparentOfIncident(incidentId),
    attributes: { 'charter.incident': incidentId, 'charter.target': target, 'charter.key': request.idempotencyKey },
  } as const;
  return inSpan(tracing, `effect ${request.call.operation}`, options, () => effector.apply(request));
}
