import { type Governing, judge } from '@charter/app-charter/judge';
import type { AutomationMode, Decision, DecisionRequest } from '@charter/shared/contracts';
import type { ReplayPack } from './read-pack.ts';

type Grant = Governing['grants'][number];

/** What the charter recorded beside an answer: when it was asked, and how far automation was granted then. */
export interface DecisionGrounds {
  readonly now: number;
  readonly override: string | null;
  readonly limit: string | null;
  readonly automation: { readonly granted: AutomationMode | null; readonly global: AutomationMode };
}

export interface RecordedAnswer {
  readonly request: DecisionRequest;
  readonly decision: Decision;
  /** Null where the charter's own record is not at hand. */
  readonly grounds: DecisionGrounds | null;
}

/** The charter's answer by the pack's policies; no grant is more than the policies say. Pure. */
export function judgeBy(pack: ReplayPack, request: DecisionRequest, at: number, grants: readonly Grant[]): Decision {
  const governing: Governing = {
    policyVersion: pack.path,
    snapshot: pack.snapshot,
    windows: pack.parts.windows,
    overrides: [],
    grants,
  };
  const { effect, reasons, obligations, automation } = judge(governing, request, at);
  return {
    effect,
    reasons: [...reasons],
    obligations,
    automation,
    policyVersion: pack.path,
    decisionId: 'replayed',
    decidedAt: new Date(at).toISOString(),
  };
}

/** Everything automatic is granted: the policies alone bound it. */
export const grantedToAll: readonly Grant[] = [
  { policy: '*', action: '*', targetClass: '*', mode: 'auto', maximum: 'auto' },
];

const keyOf = ({ action, target, plan }: DecisionRequest): string => JSON.stringify([action, target, plan?.hash]);

/**
 * Answers a recorded situation's questions: a recorded answer stands where the pack has no say in it (a policy that is not in
 * the pack, an override, a used-up limit); everything else is judged by the pack's policies.
 */
export function charterAgain(pack: ReplayPack, recorded: readonly RecordedAnswer[], now: number) {
  const answers = new Map(recorded.map((answer) => [keyOf(answer.request), answer]));
  const names = new Set(pack.policies.map(({ name }) => name));
  const known = recorded.find(({ grounds }) => grounds !== null)?.grounds ?? null;

  return (request: DecisionRequest): Decision => {
    const answer = answers.get(keyOf(request));
    if (pack.policies.length === 0) {
      return answer?.decision ?? { ...judgeBy(pack, request, now, grantedToAll), effect: 'deny' };
    }
    if (answer && stands(answer, names)) return answer.decision;
    const grounds = answer?.grounds ?? known;
    const judged = judgeBy(pack, request, grounds?.now ?? now, grantsFrom(request, grounds, answer?.decision));
    return answer && sameAnswer(answer.decision, judged) ? answer.decision : judged;
  };
}

function stands({ decision, grounds }: RecordedAnswer, names: ReadonlySet<string>): boolean {
  if (grounds !== null && (grounds.override !== null || grounds.limit !== null)) return true;
  const policy = decision.reasons[0]?.policy ?? null;
  return policy !== null && !names.has(policy);
}

/** Without the charter's record, what was answered bounds what is granted. */
function grantsFrom(
  { action, targetClass }: DecisionRequest,
  grounds: DecisionGrounds | null,
  decision: Decision | undefined,
): Grant[] {
  const global = grounds?.automation.global ?? decision?.automation ?? 'auto';
  const everywhere: Grant = { policy: '*', action: '*', targetClass: '*', mode: global, maximum: 'auto' };
  const granted = grounds?.automation.granted ?? null;
  if (granted === null) return [everywhere];
  return [everywhere, { policy: '*', action, targetClass: targetClass ?? '*', mode: granted, maximum: 'auto' }];
}

export const sameAnswer = (a: Decision, b: Decision): boolean =>
  a.effect === b.effect &&
  a.automation === b.automation &&
  JSON.stringify(Object.entries(a.obligations).toSorted()) === JSON.stringify(Object.entries(b.obligations).toSorted());
