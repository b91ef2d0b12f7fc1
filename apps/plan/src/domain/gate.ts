import type { AutomationMode, Decision, Obligations, Target } from '@charter/shared/contracts';
import { canonicalJson } from '@charter/shared/contracts';
import type { Candidate } from './candidate.ts';

/** The charter's answers to all actions of one candidate, as one. */
export type Verdict =
  | { readonly effect: 'deny'; readonly reason: string; readonly decisionIds: string[] }
  | {
      readonly effect: 'allow' | 'require-approval';
      readonly mode: AutomationMode;
      readonly obligations: Obligations;
      readonly reasons: string[];
      readonly decisionIds: string[];
    };

const modes: readonly AutomationMode[] = ['observe', 'approve', 'auto'];

/** The strictest of all answers: one denial denies, one question asks, the lowest mode rules. */
export function verdictFrom(decisions: readonly Decision[]): Verdict {
  const decisionIds = decisions.map(({ decisionId }) => decisionId);
  const denial = decisions.find(({ effect }) => effect === 'deny');
  if (denial || decisions.length === 0) {
    return { effect: 'deny', reason: textOf(denial) || 'the charter did not decide', decisionIds };
  }
  const mode = decisions.reduce<AutomationMode>(
    (lowest, { automation }) => (modes.indexOf(automation) < modes.indexOf(lowest) ? automation : lowest),
    'auto',
  );
  return {
    effect: decisions.some(({ effect }) => effect === 'require-approval') ? 'require-approval' : 'allow',
    mode,
    obligations: decisions.map(({ obligations }) => obligations).reduce(strictest, {}),
    reasons: [...new Set(decisions.map(textOf).filter((text) => text !== ''))],
    decisionIds,
  };
}

const textOf = (decision: Decision | undefined): string => decision?.reasons.map(({ text }) => text).join('; ') ?? '';

/** Both obligations at once. */
export function strictest(a: Obligations, b: Obligations): Obligations {
  const approvers = a.approvers && b.approvers ? a.approvers.filter((name) => b.approvers?.includes(name)) : undefined;
  const redact = [...new Set([...(a.redact ?? []), ...(b.redact ?? [])])].sort();
  return {
    ...a,
    ...b,
    ...(approvers ? { approvers } : {}),
    ...either('quorum', a, b, Math.max),
    ...either('withinSeconds', a, b, Math.min),
    ...either('perHour', a, b, Math.min),
    ...either('blastRadius', a, b, Math.min),
    ...either('maxReplicas', a, b, Math.min),
    ...(redact.length > 0 ? { redact } : {}),
  };
}

type Limit = 'quorum' | 'withinSeconds' | 'perHour' | 'blastRadius' | 'maxReplicas';

function either(
  name: Limit,
  a: Obligations,
  b: Obligations,
  stricter: (x: number, y: number) => number,
): Partial<Record<Limit, number>> {
  const [x, y] = [a[name], b[name]];
  return x !== undefined && y !== undefined ? { [name]: stricter(x, y) } : {};
}

/** Why a candidate breaks its obligations; null when it keeps to them. */
export function brokenObligation(candidate: Candidate, obligations: Obligations, blastRadius: number): string | null {
  const { maxReplicas, blastRadius: allowed, approvers } = obligations;
  if (allowed !== undefined && blastRadius > allowed) {
    return `it touches ${(blastRadius * 100).toFixed(0)} % of a target group; ${(allowed * 100).toFixed(0)} % are allowed`;
  }
  if (approvers?.length === 0) return 'nobody may approve all of its actions';
  const tooMany = candidate.actions.find(
    ({ action, parameters }) =>
      action === 'SCALE_UP' && maxReplicas !== undefined && Number(parameters.replicas) > maxReplicas,
  );
  if (!tooMany) return null;
  return `${String(tooMany.parameters.replicas)} replicas of ${tooMany.target} are above the allowed ${String(maxReplicas)}`;
}

/** Lowers what a candidate scales up to, to what policy allows. The targets' own limits were kept before. */
export function withinObligations(
  candidate: Candidate,
  { maxReplicas }: Obligations,
  present: (target: string) => number | null,
): Candidate {
  if (maxReplicas === undefined) return candidate;
  const actions = candidate.actions.map((planned) => {
    const { replicas } = planned.parameters;
    const has = present(planned.target);
    const isAbove = planned.action === 'SCALE_UP' && typeof replicas === 'number' && replicas > maxReplicas;
    return isAbove && has !== null && maxReplicas > has
      ? { ...planned, parameters: { ...planned.parameters, replicas: maxReplicas } }
      : planned;
  });
  const lowered = new Map(
    actions.map(({ target, parameters }) => [target, canonicalJson(parameters.replicas ?? null)]),
  );
  const changes = candidate.changes.map((change) =>
    change.resource === 'replicas' ? { ...change, value: lowered.get(change.target) ?? change.value } : change,
  );
  return { ...candidate, actions, changes };
}

/** The largest share of any target group that the actions touch. */
export function blastRadiusOf(candidate: Candidate, targets: ReadonlyMap<string, Target>): number {
  const touched = new Set(candidate.actions.map(({ target }) => target));
  const groups = new Map<string, { size: number; touched: number }>();
  for (const [name, { group }] of targets) {
    const seen = groups.get(group) ?? { size: 0, touched: 0 };
    groups.set(group, { size: seen.size + 1, touched: seen.touched + (touched.has(name) ? 1 : 0) });
  }
  return Math.max(0, ...[...groups.values()].map((group) => group.touched / group.size));
}
