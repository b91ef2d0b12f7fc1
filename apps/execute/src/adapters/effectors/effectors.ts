import type { EffectorSpec } from '@charter/shared/contracts';
import type { Effector, Effectors } from '../../ports.ts';
import { actuatorEffector } from './actuator-effector.ts';
import { alertmanagerEffector } from './alertmanager-effector.ts';
import { dockerContainerEffector } from './docker-container-effector.ts';
import { dockerEngine } from './docker-engine.ts';
import { dockerServiceEffector } from './docker-service-effector.ts';
import { httpEffector } from './http-effector.ts';
import { kubernetesEffector } from './kubernetes-effector.ts';
import { processEffector } from './process-effector.ts';
import { redisConfigEffector } from './redis-config-effector.ts';
import { swimEffector } from './swim-effector.ts';

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
      case 'kubernetes':
        return kubernetesEffector({ spec, target, secretOf });
      case 'docker':
        return spec.object.kind === 'container'
          ? dockerContainerEffector(dockerEngine(spec), spec.object.name)
          : dockerServiceEffector(dockerEngine(spec), spec.object.name);
      case 'redis-config':
        return redisConfigEffector({ spec, target, secretOf });
      case 'alertmanager':
        return alertmanagerEffector({ spec, target, secretOf, now });
      case 'swim':
        return swimEffector({ spec, target });
    }
  }
}
