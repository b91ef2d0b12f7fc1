import { truncatedNormalMean } from '../random.ts';
import { utilityOf } from '../utility.ts';
import type { Decision, PolicyMaker } from './policy.ts';

/** Share of the last period's rate that is kept free: without it the planner is late whenever the rate rises. */
const headroom = 0.1;

/**
 * The simple planner to compare with: the last period's rate and a tenth is the next one's, warm servers are M/G/1-PS
 * stations, and of the configurations one step away the one of highest utility in steady state is taken. A server that
 * boots counts.
 */
export const queueingPlanner: PolicyMaker = ({ settings, utility }) => {
  const full = truncatedNormalMean(settings.optional.mean, settings.optional.deviation);
  const reduced = truncatedNormalMean(settings.basic.mean, settings.basic.deviation);
  return ({ rate: seen, servers, activeServers, bootRemaining }) => {
    const rate = seen * (1 + headroom);
    const changes: Decision['change'][] = ['none'];
    if (bootRemaining === null && servers < settings.maxServers) changes.push('add');
    if (servers > 1) changes.push('remove');
    let best: Decision = { change: 'none', dimmer: 0 };
    let bestUtility = Number.NEGATIVE_INFINITY;
    for (const change of changes) {
      const paid = servers + (change === 'add' ? 1 : change === 'remove' ? -1 : 0);
      const steady = change === 'none' && bootRemaining !== null ? activeServers : paid;
      for (const dimmer of settings.dimmerLevels.toReversed()) {
        const demand = dimmer * full + (1 - dimmer) * reduced;
        const load = (rate * demand) / steady;
        const response = load < 1 ? demand / (1 - load) : Number.POSITIVE_INFINITY;
        const value = utilityOf(
          utility,
          { arrivalRate: rate, meanDimmer: dimmer, meanServers: paid, response },
          settings,
        );
        if (value > bestUtility) {
          bestUtility = value;
          best = { change, dimmer };
        }
      }
    }
    return best;
  };
};
