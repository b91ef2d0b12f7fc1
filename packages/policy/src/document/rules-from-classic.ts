import type { ClassicDocument, ClassicMetric } from './classic-document.ts';
import type { PolicyRule } from './policy.ts';
import { type Path, pointerFrom, type SourceDocument } from './source.ts';

/** The action under which metric samples are decided, and the one for reading them. */
export const collectAction = 'collect';
export const readAction = 'read';

interface MetricGroup {
  readonly id: string;
  readonly names: readonly string[];
  readonly path: Path;
}

const nameOf = (metric: ClassicMetric): string => {
  if (typeof metric === 'string') return metric;
  return String('metric_name' in metric ? metric.metric_name : metric.name);
};

function groupsFrom(
  metrics: ClassicDocument['whitelisted_metrics'],
  section: 'whitelisted_metrics' | 'forbidden_metrics',
  id: string,
): MetricGroup[] {
  if (metrics === undefined) return [];
  const groups: MetricGroup[] = Array.isArray(metrics)
    ? [{ id, names: metrics.map(nameOf), path: [section] }]
    : Object.entries(metrics).map(([group, names]) => ({
        id: `${id}:${group}`,
        names: names.map(nameOf),
        path: [section, group],
      }));
  return groups.filter(({ names }) => names.length > 0);
}

export const whitelistedNames = (document: ClassicDocument): string[] =>
  groupsFrom(document.whitelisted_metrics, 'whitelisted_metrics', 'whitelisted').flatMap(({ names }) => names);

export const forbiddenNames = (document: ClassicDocument): string[] =>
  groupsFrom(document.forbidden_metrics, 'forbidden_metrics', 'forbidden').flatMap(({ names }) => names);

/**
 * What a classic document means: whitelisted groups may be collected, forbidden names may be used by nobody for
 * anything, and each role of `read_access` may read what is whitelisted, after approval where that is demanded.
 */
export function rulesFromClassic(document: ClassicDocument, lineOf: SourceDocument['lineOf']): PolicyRule[] {
  const rule = (
    id: string,
    path: Path,
    rest: Pick<PolicyRule, 'effect' | 'match'> & Partial<PolicyRule>,
  ): PolicyRule => ({
    id,
    when: null,
    rollout: 'enforce',
    automation: null,
    obligations: [],
    pointer: pointerFrom(path),
    line: lineOf(path),
    ...rest,
  });
  const forbidden = groupsFrom(document.forbidden_metrics, 'forbidden_metrics', 'forbidden').map(
    ({ id, names, path }) => rule(id, path, { effect: 'deny', match: { metrics: [...names] } }),
  );
  const whitelisted = groupsFrom(document.whitelisted_metrics, 'whitelisted_metrics', 'whitelisted').map(
    ({ id, names, path }) =>
      rule(id, path, { effect: 'allow', match: { actions: [collectAction], metrics: [...names] } }),
  );
  const metrics = whitelistedNames(document);
  if (metrics.length === 0) return [...forbidden, ...whitelisted];
  const readers = (document.access_control?.read_access ?? []).map((access, index) => {
    const path = ['access_control', 'read_access', index];
    const match = { actions: [readAction], metrics, roles: [access.role] };
    const id = `read:${access.role}`;
    if (access.requires_approval !== true) return rule(id, path, { effect: 'allow', match });
    const hours = access.approval_ttl_hours;
    const validFor = hours === undefined || hours === 0 ? {} : { validFor: `${String(Math.ceil(hours * 3_600))}s` };
    return rule(id, path, {
      effect: 'require-approval',
      match,
      obligations: [{ approvers: 'committee', quorum: 1, ...validFor }],
    });
  });
  return [...forbidden, ...whitelisted, ...readers];
}
