import type { ComponentFacts } from './component-facts.ts';
import type { Evidence } from './root-cause.ts';
import type { RootCauseTuning } from './tuning.ts';

/** The strongest changed series of a component, in words a person can check against a graph. */
export function evidenceOf(fact: ComponentFacts, detectedAt: number, tuning: RootCauseTuning): Evidence[] {
  return fact.changed
    .filter((one) => Math.abs(one.change.deviation) >= tuning.changedFrom && one.strength > 0)
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

function sentenceOf(name: string, from: number, to: number, deviation: number, lag: number): string {
  const way = to >= from ? 'rose' : 'fell';
  const when =
    lag === 0 ? 'at detection' : `${String(Math.abs(Math.round(lag)))} s ${lag < 0 ? 'before' : 'after'} detection`;
  return `${name} ${way} from ${shown(from)} to ${shown(to)} (${shown(Math.abs(deviation))} deviations), starting ${when}`;
}

function shown(value: number): string {
  return String(Number(value.toPrecision(3)));
}
