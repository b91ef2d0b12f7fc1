import type { Priority, Severity, Violation } from '@charter/shared/contracts';

const order: readonly Severity[] = ['info', 'warning', 'critical'];
/** From here on a root cause is certain enough to raise the priority. */
const certain = 0.8;

export const worstSeverity = (violations: readonly Violation[]): Severity =>
  violations.reduce<Severity>(
    (worst, { severity }) => (order.indexOf(severity) > order.indexOf(worst) ? severity : worst),
    'info',
  );

export function priorityOf(severity: Severity, confidence: number): Priority {
  switch (severity) {
    case 'critical':
      return confidence >= certain ? 'critical' : 'high';
    case 'warning':
      return confidence >= certain ? 'high' : 'medium';
    case 'info':
      return 'low';
  }
}
