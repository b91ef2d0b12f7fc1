import { CharterError, type EffectorSpec } from '@charter/shared/contracts';
import type { Effector, Effectors } from '../../ports.ts';
import { actuatorEffector } from './actuator-effector.ts';
import { httpEffector } from './http-effector.ts';
import { processEffector } from './process-effector.ts';

export interface EffectorsOptions {
  /** Key for Charter's own actuators and the testbed's. */
  readonly apiKey: string | undefined;
  readonly secretOf: (name: string) => string | undefined;
  readonly now: () => number;
}

/** The effector a target of the pack names. */
export function createEffectors({ apiKey, secretOf, now }: EffectorsOptions): Effectors {
  const made = new Map<string, Effector>();
  return {
    async of({ metadata, effector: spec }) {
      if (spec.kind === 'process') return processEffector(spec.supervisorUrl);
      const id = JSON.stringify([metadata.name, spec]);
      const known = made.get(id);
      if (known) return known;
      const effector = effectorFor(spec, metadata.name);
      made.set(id, effector);
      return effector;
    },
  };

  function effectorFor(spec: Exclude<EffectorSpec, { kind: 'process' }>, target: string): Effector {
    switch (spec.kind) {
      case 'testbed':
      case 'charter':
        return actuatorEffector({ ...spec, apiKey });
      case 'http':
        return httpEffector({ spec, target, secretOf, now });
      default:
        throw new CharterError('config-invalid', `${target} has an effector of kind ${spec.kind}, which is not there`);
    }
  }
}
