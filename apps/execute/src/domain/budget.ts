import type { PlannedAction } from '@charter/shared/contracts';
import type { ExecuteSettings } from './settings.ts';

/** What one step takes from each budget it falls under. */
export interface Charge {
  readonly scope: string;
  readonly amount: number;
  readonly limit: number;
  readonly unit: 'risk' | 'actions';
}

/** Risk of one step: share of the group it touches × how hard it is to take back × how unsure its reason is. */
export function riskOf(
  action: Pick<PlannedAction, 'risk' | 'reversible'>,
  blastRadius: number,
  confidence: number | null,
): number {
  const irreversibility = action.reversible ? 0.5 : 1;
  const uncertainty = Math.max(0.05, 1 - (confidence ?? 0));
  return blastRadius * irreversibility * uncertainty;
}

/** The first budget that cannot bear its charge; null when all can. */
export function firstExhausted(charges: readonly Charge[], spent: ReadonlyMap<string, number>): string | null {
  for (const { scope, amount, limit, unit } of charges) {
    const used = spent.get(scope) ?? 0;
    if (used + amount <= limit + 1e-9) continue;
    return `${scope} has ${round(used)} of ${round(limit)} ${unit} spent and this needs ${round(amount)}`;
  }
  return null;
}

/** What a budget has spent, by the second in which a slice of its window began; oldest first. */
export type Ledger = readonly (readonly [startSecond: number, amount: number])[];

/** A window is kept in this many slices: an amount counts until its whole slice is out of the window. */
const slices = 60;

export const spentWithin = (ledger: Ledger, windowSeconds: number, nowSeconds: number): number =>
  standing(ledger, windowSeconds, nowSeconds).reduce((sum, [, amount]) => sum + amount, 0);

/** The ledger with one more amount, and without what is out of its window. */
export function charged(ledger: Ledger, amount: number, windowSeconds: number, nowSeconds: number): Ledger {
  const slice = windowSeconds / slices;
  const start = Math.floor(nowSeconds / slice) * slice;
  const kept = standing(ledger, windowSeconds, nowSeconds);
  const last = kept.at(-1);
  if (last?.[0] !== start) return [...kept, [start, amount]];
  return [...kept.slice(0, -1), [start, last[1] + amount]];
}

const standing = (ledger: Ledger, windowSeconds: number, nowSeconds: number): Ledger =>
  ledger.filter(([start]) => start + windowSeconds / slices > nowSeconds - windowSeconds);

const round = (value: number): string => String(Math.round(value * 1000) / 1000);

/** The limit of a budget by its name, `risk:group:web` or `actions:target:payments`; null when its target is not known. */
export function budgetLimit(
  scope: string,
  { risk, actions }: ExecuteSettings['budget'],
  actionsPerHour: (target: string) => number | null,
): number | null {
  const [unit, kind, ...name] = scope.split(':');
  if (unit === 'risk') return kind === 'target' || kind === 'group' ? risk[kind] : risk.global;
  if (kind === 'target') return actionsPerHour(name.join(':'));
  return kind === 'policy' || kind === 'group' ? actions[kind] : actions.global;
}
