import type { ComponentFacts } from './component-facts.ts';
import type { Evidence } from './root-cause.ts';
import type { Series } from './series.ts';
import type { RootCauseTuning } from './tuning.ts';

/** The strongest changed series of a component, one of each family, in words a person can check against a graph. */
export function evidenceOf(fact: ComponentFacts, detectedAt: number, tuning: RootCauseTuning): Evidence[] {
  const families = new Set<string>();
  return fact.changed
    .filter((one) => Math.abs(one.change.deviation) >= tuning.changedFrom && one.strength > 0)
    .filter(({ series }) => {
      const family = familyOf(series.metric, series.labels);
      return families.has(family) ? false : families.add(family);
    })
    .slice(0, tuning.evidenceLimit)
    .map(({ name, change }) => ({
      series: name,
      changedAt: change.changedAt,
      deviation: change.deviation,
      from: change.from,
      to: change.to,
      text: sentenceOf(name, change.from, change.to, change.deviation, change.changedAt - detectedAt),
    }));
}

/** Quantiles and units of one measurement are one family: they say the same thing. */
function familyOf(metric: string, labels: Series['labels']): string {
  const stem = metric.toLowerCase().replace(/_?(p\d+|average|avg|mean|max|pct|percent|m|mi|ratio|seconds|bytes)$/g, '');
  return `${stem} ${labels?.side ?? ''} ${labels?.level ?? ''}`;
}

function sentenceOf(name: string, from: number, to: number, deviation: number, lag: number): string {
  const way = to >= from ? 'rose' : 'fell';
  const when =
    lag === 0 ? 'at detection' : `${String(Math.abs(Math.round(lag)))} s ${lag < 0 ? 'before' : 'after'} detection`;
  return `${name} ${way} from ${shown(from)} to ${shown(to)} (${shown(Math.abs(deviation))} deviations), starting ${when}`;
}

function shown(value: number): string {
  return String(Number(value.toPrecision(3)));
}
