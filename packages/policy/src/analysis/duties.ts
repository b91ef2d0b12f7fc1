import type { CompiledRule } from '../compile/compiled-rule.ts';
import type { LimitDuty, Obligations } from '../compile/obligations.ts';
import { AutomationMode } from '../document/native-document.ts';

/**
 * One duty by itself: what it is about and how strict it is, more being stricter. The duties of several rules together
 * are, for each name, the strictest one, so that comparing names one by one is exact.
 */
export interface Duty {
  readonly name: string;
  readonly strictness: number;
}

const limits = [
  'perMinute',
  'perHour',
  'perDay',
  'concurrent',
  'blastRadius',
] as const satisfies readonly (keyof LimitDuty)[];

export function dutiesOf(obligations: Obligations, automation: AutomationMode | null): readonly Duty[] {
  const { redact, approvals, limit, retentionSeconds, notify } = obligations;
  const upTo = (name: string, value: number | null): Duty[] => (value === null ? [] : [{ name, strictness: -value }]);
  return [
    ...redact.map((label): Duty => ({ name: `redact ${label}`, strictness: 1 })),
    ...approvals.flatMap(({ approvers, quorum, withinSeconds, validForSeconds }) => [
      { name: `quorum of ${approvers}`, strictness: quorum },
      ...upTo(`deadline of ${approvers}`, withinSeconds),
      ...upTo(`validity of ${approvers}`, validForSeconds),
    ]),
    ...limits.flatMap((key) => upTo(`limit ${key}`, limit[key])),
    ...upTo('retention', retentionSeconds),
    ...notify.map((to): Duty => ({ name: `notify ${to}`, strictness: 1 })),
    ...(automation === null ? [] : upTo('automation', AutomationMode.options.indexOf(automation))),
  ];
}

export const dutiesOfRule = ({ hasDuties, obligations, automation }: CompiledRule): readonly Duty[] =>
  hasDuties ? dutiesOf(obligations, automation) : [];

/** Whether the duties include this one at least as strictly. */
export const areAsStrict = (duties: readonly Duty[], { name, strictness }: Duty): boolean =>
  duties.some((duty) => duty.name === name && duty.strictness >= strictness);

/** What two rules demand differently under the same name. */
export function disputedDuties(a: readonly Duty[], b: readonly Duty[]): readonly string[] {
  return a.flatMap(({ name, strictness }) =>
    b.some((duty) => duty.name === name && duty.strictness !== strictness) ? [name] : [],
  );
}
