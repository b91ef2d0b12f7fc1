import type { Policy, PolicyMaker } from './policy.ts';

export const nothing: PolicyMaker =
  () =>
  ({ dimmer }) => ({ change: 'none', dimmer });

/** Late: add a server, else dim. On time with more than one server to spare: undim, else remove one. */
export const reactive: PolicyMaker = ({ settings }) => thresholdRule(settings.threshold, settings, true);

/** The same, without asking for spare capacity. */
export const reactive2: PolicyMaker = ({ settings }) => thresholdRule(settings.threshold, settings, false);

function thresholdRule(
  threshold: number,
  { maxServers, dimmerLevels }: { maxServers: number; dimmerLevels: readonly number[] },
  needsSpare: boolean,
): Policy {
  const step = 1 / (dimmerLevels.length - 1);
  return ({ response, dimmer, servers, activeServers, bootRemaining, utilization }) => {
    const boots = bootRemaining !== null;
    if (response > threshold) {
      if (!boots && servers < maxServers) return { change: 'add', dimmer };
      return { change: 'none', dimmer: Math.max(0, dimmer - step) };
    }
    const spare = activeServers - utilization.reduce((sum, busy) => sum + busy, 0);
    if (response < threshold && (!needsSpare || spare > 1)) {
      if (dimmer < 1) return { change: 'none', dimmer: Math.min(1, dimmer + step) };
      if (!boots && servers > 1) return { change: 'remove', dimmer };
    }
    return { change: 'none', dimmer };
  };
}
