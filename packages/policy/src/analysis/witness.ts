import type { CompiledRule } from '../compile/compiled-rule.ts';
import type { PolicySnapshot } from '../compile/snapshot.ts';
import { matcherFits } from '../decide/overrides.ts';
import type { PolicyRequest } from '../decide/request.ts';
import type { Cube } from './cube.ts';
import { instantIn } from './instant.ts';
import { pickNumber } from './number-set.ts';
import { pickName } from './pick-name.ts';
import { attributes, containers, presence } from './request-variables.ts';
import type { Values } from './value-set.ts';

type Picked = { readonly value: string | number | undefined } | null;

/** A request of the cube, opaque variables left aside; null when none was found within the bounds. */
export function requestIn(cube: Cube): PolicyRequest | null {
  const texts = new Map<string, string>();
  const labels: Record<string, string> = {};
  const plan: Record<string, string | number> = {};
  const windows: string[] = [];
  let value: number | undefined;
  const missing = containers.filter((container) => isRuledOut(cube.get(container)));
  for (const [name, values] of cube) {
    // A missing container has no parts; the cube lets each of them be missing.
    if (missing.some((container) => name.startsWith(`${container}.`))) continue;
    if (values.kind === 'flag') {
      if (name.startsWith('windows.') && values.mask === presence.yes) windows.push(name.slice('windows.'.length));
      continue;
    }
    if (['now', 'hour', 'minute', 'weekday'].includes(name)) continue;
    const picked = valueIn(values);
    if (picked === null) return null;
    if (picked.value === undefined) continue;
    if (name === 'value') value = Number(picked.value);
    else if (name.startsWith('labels.')) labels[name.slice('labels.'.length)] = String(picked.value);
    else if (name.startsWith('plan.')) plan[name.slice('plan.'.length)] = picked.value;
    else texts.set(name, String(picked.value));
  }
  const now = instantIn(cube);
  if (now === null) return null;
  const named = Object.fromEntries(
    attributes.flatMap((name) => (texts.has(name) ? [[name, texts.get(name)] as const] : [])),
  );
  const whole = (name: string, parts: object): boolean => Object.keys(parts).length > 0 || isDemanded(cube.get(name));
  return {
    action: 'x',
    ...named,
    ...(whole('labels', labels) ? { labels } : {}),
    ...(whole('plan', plan) ? { plan } : {}),
    ...(windows.length > 0 || isDemanded(cube.get('windows')) ? { windows } : {}),
    ...(value === undefined ? {} : { value }),
    now,
  };
}

const isRuledOut = (values: Values | undefined): boolean => values?.kind === 'flag' && values.mask === presence.no;
const isDemanded = (values: Values | undefined): boolean => values?.kind === 'flag' && values.mask === presence.yes;

function valueIn(values: Exclude<Values, { kind: 'flag' }>): Picked {
  if (values.kind === 'number') {
    const value = pickNumber(values.spans);
    return value === null && !values.absent ? null : { value: value ?? undefined };
  }
  if (values.absent && values.all.length === 0) return { value: undefined };
  const found = pickName(values.all, values.none);
  if (found.kind === 'some') return { value: found.name };
  return values.absent ? { value: undefined } : null;
}

/** Whether a rule matches a request, by the evaluator's own means; a failed condition matches unless the rule allows. */
export function ruleMatches(
  { matcher, condition, rank }: CompiledRule,
  snapshot: PolicySnapshot,
  request: PolicyRequest,
): boolean {
  const environment = request.environment ?? snapshot.defaultEnvironment ?? undefined;
  const asked = environment === request.environment ? request : { ...request, environment };
  if (!matcherFits(matcher, asked)) return false;
  if (condition === null) return true;
  const outcome = condition.evaluate(asked);
  return outcome === true || (outcome !== false && rank < 2);
}
