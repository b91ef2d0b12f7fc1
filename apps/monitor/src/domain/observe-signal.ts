import type { Signal } from '@charter/shared/contracts';
import { fingerprintOf } from './fingerprint.ts';
import type { Told } from './observation.ts';
import { defaultThresholds } from './settings.ts';
import { cleanLabels, cleanText } from './storable-text.ts';
import type { Watch } from './watch.ts';

/** An enforcement event of the Charter as an observation. A rule of the pack with its name decides severity and holds. */
export function observeSignal(signal: Signal, { rules }: Pick<Watch, 'rules'>, now: number): Told {
  const rule = rules.get(signal.rule);
  return {
    kind: 'told',
    source: 'charter',
    subject: {
      fingerprint: fingerprintOf(signal.environment, signal.component, signal.rule),
      rule: signal.rule,
      component: signal.component,
      metric: signal.metric,
      severity: signal.severity,
      comparator: rule?.comparator ?? '>=',
      threshold: signal.threshold ?? rule?.threshold ?? defaultThresholds[signal.metric] ?? null,
      query: rule?.query ?? null,
      description: cleanText(signal.description),
      forSeconds: 0,
      resolveForSeconds: rule?.resolveForSeconds ?? 0,
    },
    at: now,
    labels: cleanLabels(signal.labels),
    firing: signal.state === 'firing',
    value: signal.value,
    startsAt: Math.min(Date.parse(signal.at), now),
    suppression: null,
    isPartial: false,
  };
}
