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
      const effector =
        spec.kind === 'http'
          ? httpEffector({ spec, target: metadata.name, secretOf, now })
          : actuatorEffector({ ...spec, apiKey });
      made.set(id, effector);
      return effector;
    },
  };
}
