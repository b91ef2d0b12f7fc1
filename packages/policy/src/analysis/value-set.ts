import { everyName, hasName, isEveryName, type NameSet } from './name-set.ts';
import { hasNumber, type Spans, spansInBoth, spansOutside } from './number-set.ts';
import { pickName } from './pick-name.ts';
import { alwaysSet, isOpaque, numberDomains } from './request-variables.ts';

/** Names in all of `all` and none of `none`, and perhaps no value. */
export interface TextValues {
  readonly kind: 'text';
  readonly absent: boolean;
  readonly all: readonly NameSet[];
  readonly none: readonly NameSet[];
}
export interface NumberValues {
  readonly kind: 'number';
  readonly absent: boolean;
  readonly spans: Spans;
}
export interface FlagValues {
  readonly kind: 'flag';
  readonly mask: number;
}
/** What one variable of a request may be. */
export type Values = TextValues | NumberValues | FlagValues;

export const textIn = (set: NameSet): TextValues => ({
  kind: 'text',
  absent: false,
  all: isEveryName(set) ? [] : [set],
  none: [],
});
export const textOutside = (set: NameSet): TextValues => ({ kind: 'text', absent: false, all: [], none: [set] });
export const anyText: TextValues = textIn(everyName);
export const noText: TextValues = { kind: 'text', absent: true, all: [], none: [everyName] };

/** Values in both; null when there are surely none. */
export function valuesInBoth(a: Values, b: Values): Values | null {
  if (a.kind === 'text' && b.kind === 'text') return textInBoth(a, b);
  if (a.kind === 'number' && b.kind === 'number') {
    const spans = spansInBoth(a.spans, b.spans);
    const absent = a.absent && b.absent;
    return spans.length === 0 && !absent ? null : { kind: 'number', absent, spans };
  }
  if (a.kind === 'flag' && b.kind === 'flag') {
    const mask = a.mask & b.mask;
    return mask === 0 ? null : { kind: 'flag', mask };
  }
  return null;
}

function textInBoth(a: TextValues, b: TextValues): TextValues | null {
  const absent = a.absent && b.absent;
  const all = joined(a.all, b.all);
  const none = joined(a.none, b.none);
  const finite = all.find(({ globs }) => globs.length === 0);
  if (finite !== undefined && (all.length > 1 || none.length > 0)) {
    const exact = new Set<string>();
    for (const name of finite.exact) {
      if (all.every((set) => hasName(set, name)) && !none.some((set) => hasName(set, name))) exact.add(name);
    }
    if (exact.size === 0) return absent ? noText : null;
    return { kind: 'text', absent, all: [{ exact, globs: [] }], none: [] };
  }
  if (absent || pickName(all, none).kind !== 'none') return { kind: 'text', absent, all, none };
  return null;
}

function joined(a: readonly NameSet[], b: readonly NameSet[]): readonly NameSet[] {
  if (b.length === 0) return a;
  return a.length === 0 ? b : [...new Set([...a, ...b])];
}

/** Whether values may be in both, without building them. */
export function valuesMeet(a: Values, b: Values): boolean {
  if (a.kind !== 'text' || b.kind !== 'text') return valuesInBoth(a, b) !== null;
  if (a.absent && b.absent) return true;
  const [first] = a.all;
  const [second] = b.all;
  const areSimple = a.all.length === 1 && b.all.length === 1 && a.none.length === 0 && b.none.length === 0;
  if (areSimple && first !== undefined && second !== undefined) {
    if (first === second) return true;
    for (const name of first.exact) if (hasName(second, name)) return true;
    for (const name of second.exact) if (hasName(first, name)) return true;
    if (first.globs.length === 0 || second.globs.length === 0) return false;
  }
  return pickName(joined(a.all, b.all), joined(a.none, b.none)).kind !== 'none';
}

/** The values of a variable that are not among these, as a union. */
export function valuesOutside(name: string, values: Values): readonly Values[] {
  if (values.kind === 'flag') {
    const mask = (isOpaque(name) ? 7 : 3) & ~values.mask;
    return mask === 0 ? [] : [{ kind: 'flag', mask }];
  }
  const absent = !values.absent && !alwaysSet.has(name);
  if (values.kind === 'number') {
    const domain = numberDomains.get(name);
    const spans = domain === undefined ? [] : spansOutside(values.spans, domain);
    return spans.length === 0 && !absent ? [] : [{ kind: 'number', absent, spans }];
  }
  const pieces: Values[] = values.all.map((set) => ({ kind: 'text', absent, all: [], none: [set] }));
  pieces.push(
    ...values.none.map(
      (set): Values => ({ kind: 'text', absent: false, all: isEveryName(set) ? [] : [set], none: [] }),
    ),
  );
  return absent && values.all.length === 0 ? [noText, ...pieces] : pieces;
}

/** Whether a value (undefined when there is none) is among these. */
export function hasValue(values: Values, value: string | number | undefined): boolean {
  if (values.kind === 'flag') return false;
  if (value === undefined) return values.absent;
  if (values.kind === 'number') return typeof value === 'number' && hasNumber(values.spans, value);
  return (
    typeof value === 'string' &&
    values.all.every((set) => hasName(set, value)) &&
    !values.none.some((set) => hasName(set, value))
  );
}
