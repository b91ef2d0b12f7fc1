import { COMPONENTS, type ComponentName, type ComponentView, type Order } from '@charter/app-testbed/model';
import { isBreaking } from '@charter/shared/contracts';
import { pack } from './demo-pack.ts';
import type { ScrapedTestbed } from './scraped-testbed.ts';

/**
 * Alerts with runbooks, as most installations automate them: the pack's own rules are the alerts; one that stood for
 * `forSeconds` runs the first action of its runbook on the component that alerts, and again after `coolDownSeconds` while it
 * stands. The runbooks: errors, latency, memory and missing replicas restart; saturation scales out by half of what there is, at
 * least one, within the target's limits; too many replicas go back to the declared number.
 */
export interface RuleTiming {
  readonly forSeconds: number;
  readonly coolDownSeconds: number;
}

/** `for: 30s` and one action a minute are on the quick side of what is usual. */
export const usualTiming: RuleTiming = { forSeconds: 30, coolDownSeconds: 60 };
/** As hasty as it can be: acts when an alert is seen. */
export const hastyTiming: RuleTiming = { forSeconds: 0, coolDownSeconds: 30 };

/** Alerts are evaluated this often. */
const evaluationSeconds = 5;
/** Of all that is broken of a component, due or not, the most telling alert says what is run: kinder than whichever comes first. */
const precedence = ['over-budget', 'out-of-memory', 'too-few-replicas', 'saturated', 'failing', 'slow'];

export interface RunbookAction {
  readonly alert: string;
  readonly component: ComponentName;
  readonly order: Order;
}

export interface ThresholdRules {
  /** @returns what the runbooks do at this second */
  watch(second: number, stateNow: () => Readonly<Record<ComponentName, ComponentView>>): RunbookAction[];
}

export function thresholdRules(
  scraped: Pick<ScrapedTestbed, 'vector'>,
  { forSeconds, coolDownSeconds }: RuleTiming,
): ThresholdRules {
  const since = new Map<string, number>();
  const actedAt = new Map<string, number>();

  /** What is broken now, and whether it has been for long enough. */
  function alertsAt(second: number): { alert: string; component: string; isDue: boolean }[] {
    return pack.rules.flatMap(({ metadata: { name: alert }, query = '', comparator, threshold = 0 }) =>
      scraped.vector(query).flatMap(({ labels: { component = '' }, value }) => {
        const key = `${alert} ${component}`;
        if (!isBreaking(value, comparator, threshold)) {
          since.delete(key);
          return [];
        }
        const began = since.get(key) ?? second;
        since.set(key, began);
        return [{ alert, component, isDue: second - began >= forSeconds }];
      }),
    );
  }

  return {
    watch(second, stateNow) {
      if (second % evaluationSeconds !== 0) return [];
      const alerts = alertsAt(second).sort((a, b) => precedence.indexOf(a.alert) - precedence.indexOf(b.alert));
      const isTroubled = (component: string) => alerts.some((one) => one.isDue && one.component === component);
      const troubled = COMPONENTS.filter(isTroubled);
      if (troubled.length === 0) return [];
      const state = stateNow();
      return troubled.flatMap((component) => {
        const first = alerts.find((each) => each.component === component);
        if (!first || second - (actedAt.get(component) ?? Number.NEGATIVE_INFINITY) < coolDownSeconds) return [];
        const order = runbookFor(first.alert, component, state[component]);
        if (order === null) return [];
        actedAt.set(component, second);
        return [{ component, order, alert: first.alert }];
      });
    },
  };
}

function runbookFor(alert: string, component: ComponentName, { replicas }: ComponentView): Order | null {
  const target = pack.targets.find(({ metadata }) => metadata.name === component);
  if (!target) return null;
  switch (alert) {
    case 'saturated': {
      const wanted = Math.min(target.limits.maxReplicas, Math.ceil(replicas * 1.5));
      return wanted > replicas ? { actuator: 'scale', replicas: wanted } : null;
    }
    case 'over-budget':
      return { actuator: 'scale', replicas: Number(target.declared.replicas) };
    default:
      return { actuator: 'restart' };
  }
}
