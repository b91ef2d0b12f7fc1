import type { ActuatorCall, Spec } from '@charter/app-execute/executor';
import { COMPONENTS, type ComponentName, type Order, type Testbed } from '@charter/app-testbed/model';

/** What happened to the testbed from outside; `order` as its actuators take it. */
export interface Actuated {
  readonly component: ComponentName;
  readonly order: Order;
}

/** The testbed's actuators as an effector of Execute has them, without HTTP in between. */
export interface Actuators {
  /** @returns why the testbed refused, or null */
  apply(target: string, call: ActuatorCall): string | null;
  /** Settings as the REST state shows them: plain JSON, another object each time. */
  specOf(target: string): Spec;
  /** Whether all replicas are up again after a change. */
  isReady(target: string): boolean;
}

/** `onActuated` is told just before an order is carried out. */
export function actuatorsOf(testbed: Testbed, onActuated: (actuated: Actuated) => void): Actuators {
  const view = (target: string) => testbed.state()[componentOf(target)];
  return {
    apply(target, call) {
      const component = componentOf(target);
      const order = orderFrom(call);
      onActuated({ component, order });
      const done = testbed.actuate(component, order);
      return 'refused' in done ? done.detail : null;
    },
    specOf: (target) => ({ ...view(target).spec, weights: { ...view(target).spec.weights } }),
    isReady: (target) => view(target).ready > 0 && view(target).booting === 0,
  };
}

export function componentOf(target: string): ComponentName {
  const component = COMPONENTS.find((name) => name === target);
  if (!component) throw new Error(`The testbed has no component ${target}`);
  return component;
}

/** The same bodies as the testbed's REST routes take. */
function orderFrom({ operation: actuator, body }: ActuatorCall): Order {
  switch (actuator) {
    case 'scale':
      return { actuator, replicas: Number(body.replicas) };
    case 'restart':
      return { actuator };
    case 'throttle':
      return { actuator, requestsPerSecond: numberOrNull(body.requestsPerSecond) };
    case 'rebalance':
      return isWeights(body.weights) ? { actuator, weights: body.weights } : { actuator };
    case 'config':
      return {
        actuator,
        key: String(body.key),
        value: typeof body.value === 'number' ? body.value : String(body.value),
      };
    case 'policy':
      return { actuator, version: String(body.version) };
    case 'bypass':
    case 'override':
      return { actuator, ttlSeconds: Number(body.ttlSeconds) };
  }
}

const numberOrNull = (value: unknown): number | null => (typeof value === 'number' ? value : null);

const isWeights = (value: unknown): value is { a: number; b: number } =>
  typeof value === 'object' && value !== null && 'a' in value && 'b' in value;
