import { spentBudgets } from '../adapters/budget-records.ts';
import { budgetLimit } from '../domain/budget.ts';
import type { ExecuteDeps } from './deps.ts';

/** Shows how much of its budgets is used: of each kind the one that is closest to its end. */
export function measureBudgets({ store, settings, targets, metrics }: ExecuteDeps): () => Promise<void> {
  return async () => {
    const fullest = new Map<string, number>();
    for (const { scope, spent } of await spentBudgets(store, settings.budget.windowSeconds)) {
      const limit = budgetLimit(scope, settings.budget, (name) => targets.find(name)?.limits.actionsPerHour ?? null);
      if (limit === null || limit === 0) continue;
      const kind = scope.split(':').slice(0, 2).join(' ');
      fullest.set(kind, Math.max(fullest.get(kind) ?? 0, spent / limit));
    }
    metrics.budgetsUsed(fullest);
  };
}
