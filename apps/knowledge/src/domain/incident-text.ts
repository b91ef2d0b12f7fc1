import type { Document } from '@charter/learning';
import type { Analysis, Outcome } from '@charter/shared/contracts';

/** What an incident was about, as words: the cause above all, then what was violated, and on which kind of target. */
export function incidentText(outcomes: readonly Outcome[]): Pick<Document, 'title' | 'body'> {
  const causes = outcomes.flatMap(({ rootCause }) => (rootCause ? [`${rootCause.metric} ${rootCause.component}`] : []));
  const evidence = outcomes.flatMap((outcome) =>
    outcome.evidence.map(({ rule, metric, component }) => `${rule} ${metric} ${component}`),
  );
  const classes = outcomes.flatMap(({ actions }) =>
    actions.flatMap(({ targetClass }) => (targetClass ? [targetClass] : [])),
  );
  return {
    title: distinct(causes),
    body: distinct([...evidence, ...classes, ...outcomes.map(({ component }) => component)]),
  };
}

/** The same for an incident that is still open: what analysis says of it. */
export function analysisText({ rootCauses, violations }: Pick<Analysis, 'rootCauses' | 'violations'>): string {
  const [first] = rootCauses;
  return distinct([
    ...(first ? [`${first.metric} ${first.component}`] : []),
    ...violations.map(({ rule, metric, component }) => `${rule} ${metric} ${component}`),
  ]);
}

const distinct = (texts: readonly string[]): string => [...new Set(texts)].join(' ');
