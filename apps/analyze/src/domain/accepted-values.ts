import type { Series } from '@charter/detection';
import type { Rule } from '@charter/shared/contracts';

/** The values a rule lets pass: what its metric may be without anything being wrong. */
export function acceptedBy({ comparator, threshold }: Pick<Rule, 'comparator' | 'threshold'>): Series['accepted'] {
  if (threshold === undefined) return undefined;
  switch (comparator) {
    case '>':
    case '>=':
      return { highest: threshold };
    case '<':
    case '<=':
      return { lowest: threshold };
    case '==':
    case '!=':
      return undefined;
  }
}
