import { isEarned, reasonForAuto } from './autonomy-conditions.ts';
import type { AutonomyCase, AutonomyRecord, AutonomySurroundings } from './autonomy-record.ts';
import type { AutonomyTier } from './autonomy-tiers.ts';

export const unproven: AutonomyRecord = {
  mode: 'observe',
  since: 0,
  reason: 'nothing is known yet',
  firstAt: null,
  lastAt: 0,
  observed: 0,
  cases: 0,
  successes: 0,
  harms: 0,
  recent: [],
  cleanSinceDemotion: null,
};

const remembered = 10;
/** So many of the remembered cases since it was promoted that did not help end autonomy. */
const failuresToDemote = 3;

/** One more case: counts it, and says which mode is earned now and why. Down at once, up only on evidence. */
export function observeCase(
  before: AutonomyRecord,
  one: AutonomyCase,
  tier: AutonomyTier,
  surroundings: AutonomySurroundings,
): AutonomyRecord {
  const record = counted(before, one);
  const lost = regressOf(record, one, tier);
  if (lost) return { ...record, ...lost, since: one.at, cleanSinceDemotion: 0 };
  if (record.mode === 'observe' && record.observed + record.cases >= needed(record, tier.observed, tier)) {
    const seen = record.observed + record.cases;
    const reason = `${String(seen)} cases were seen in which it was the thing to do; people may now approve it`;
    return { ...record, mode: 'approve', since: one.at, reason };
  }
  if (record.mode === 'approve' && isEarned(record, tier, surroundings)) {
    return { ...record, mode: 'auto', since: one.at, reason: reasonForAuto(record, surroundings), recent: [] };
  }
  return record;
}

/** What is left when a person takes it back: nothing, until it has stayed clean for as long as after a demotion. */
export const revoke = (record: AutonomyRecord, at: number, reason: string): AutonomyRecord => ({
  ...record,
  mode: 'observe',
  since: at,
  reason,
  cleanSinceDemotion: 0,
});

function counted(record: AutonomyRecord, { at, acted, success, harm }: AutonomyCase): AutonomyRecord {
  const firstAt = record.firstAt ?? at;
  const clean = record.cleanSinceDemotion === null ? null : record.cleanSinceDemotion + 1;
  if (!acted) {
    return { ...record, firstAt, lastAt: at, observed: record.observed + 1, cleanSinceDemotion: clean };
  }
  return {
    ...record,
    firstAt,
    lastAt: at,
    cases: record.cases + 1,
    successes: record.successes + success,
    harms: record.harms + (harm ? 1 : 0),
    recent: [...record.recent, { success, harm }].slice(-remembered),
    cleanSinceDemotion: clean === null ? null : harm ? 0 : clean,
  };
}

const needed = ({ cleanSinceDemotion }: AutonomyRecord, fresh: number, tier: AutonomyTier): number =>
  cleanSinceDemotion === null || cleanSinceDemotion >= tier.requalify ? fresh : Number.POSITIVE_INFINITY;

function regressOf(
  { mode, recent }: AutonomyRecord,
  { acted, harm }: AutonomyCase,
  tier: AutonomyTier,
): Pick<AutonomyRecord, 'mode' | 'reason'> | null {
  if (!acted) return null;
  const harms = recent.filter((one) => one.harm).length;
  const worse = `it made things worse in ${String(harms)} of its last ${String(recent.length)} cases`;
  if (mode === 'auto' && harm && harms >= tier.harmsToDemote) return { mode: 'approve', reason: worse };
  if (mode === 'approve' && harm && harms >= failuresToDemote) return { mode: 'observe', reason: worse };
  if (mode !== 'auto') return null;
  const failures = recent.filter(({ success }) => success < 0.5).length;
  if (failures < failuresToDemote) return null;
  return {
    mode: 'approve',
    reason: `it did not help in ${String(failures)} of its last ${String(recent.length)} cases`,
  };
}
