import type { ActionParameters, ActionType, StrategyParameter, Target } from '@charter/shared/contracts';

type Json = ActionParameters[string];
type Settings = Readonly<Record<string, Json>>;

/** What a target has now, and had before it last changed; null when unknown. */
export interface Observed {
  readonly spec: Settings | null;
  readonly previousSpec: Settings | null;
}

export type Filled = { readonly parameters: ActionParameters } | { readonly blockedBy: string };

/** Parameters whose setting has another name in what is read back. */
const settingOf: Readonly<Record<string, string>> = {
  version: 'policyVersion',
  requestsPerSecond: 'limitRequestsPerSecond',
};

/** Computes a strategy's parameters from what the target has now, within its limits. Absolute, so that a repeat changes nothing. */
export function fillParameters(
  declared: Readonly<Record<string, StrategyParameter>>,
  observed: Observed,
  target: Pick<Target, 'limits' | 'declared'>,
): Filled {
  const parameters: Record<string, Json> = {};
  for (const [name, parameter] of Object.entries(declared)) {
    const value = fillOne(name, parameter, {
      spec: settingFrom(observed.spec, name, declared),
      previousSpec: settingFrom(observed.previousSpec, name, declared),
      declared: settingFrom(target.declared, name, declared),
    });
    if ('blockedBy' in value) return value;
    parameters[name] = name === 'replicas' ? withinReplicas(value.value, target.limits) : value.value;
  }
  return { parameters };
}

/** The present value of the setting a parameter is about: by its name, its other name, or its configuration key. */
export function settingFrom(
  spec: Settings | null,
  name: string,
  parameters: Readonly<Record<string, StrategyParameter>>,
): Json | undefined {
  if (spec === null) return undefined;
  const key = name === 'value' && typeof parameters.key === 'string' ? parameters.key : name;
  const config = spec.config;
  return spec[key] ?? spec[settingOf[key] ?? key] ?? (isObject(config) ? config[key] : undefined);
}

type Value = { readonly value: Json } | { readonly blockedBy: string };

/** A setting as it is, as it was, and as it is meant to be. */
interface Known {
  readonly spec: Json | undefined;
  readonly previousSpec: Json | undefined;
  readonly declared: Json | undefined;
}

function fillOne(name: string, parameter: StrategyParameter, now: Known, isNested = false): Value {
  if (!isObject(parameter)) return { value: parameter };
  const [form, operand, ...more] = Object.entries(parameter).flat();
  if (more.length === 0 && form === 'previous' && operand === true) {
    return now.previousSpec === undefined
      ? { blockedBy: `no earlier value of ${name} is known` }
      : { value: now.previousSpec };
  }
  if (more.length === 0 && form === 'declared' && operand === true) {
    return now.declared === undefined ? { blockedBy: `the target declares no ${name}` } : { value: now.declared };
  }
  if (more.length === 0 && (form === 'scaleBy' || form === 'add') && typeof operand === 'number') {
    if (typeof now.spec !== 'number') return { blockedBy: `the present value of ${name} is not known as a number` };
    const exact = form === 'scaleBy' ? now.spec * operand : now.spec + operand;
    return { value: Number.isInteger(now.spec) && !isNested ? wholeBeyond(exact, now.spec) : rounded(exact) };
  }
  return fillNested(parameter, now);
}

/** Computed forms may stand inside an object too: `weights: {a: {scaleBy: 0.5}}`. */
function fillNested(parameter: Readonly<Record<string, Json>>, now: Known): Value {
  const value: Record<string, Json> = {};
  for (const [name, member] of Object.entries(parameter)) {
    const before = {
      spec: isObject(now.spec) ? now.spec[name] : undefined,
      previousSpec: isObject(now.previousSpec) ? now.previousSpec[name] : undefined,
      declared: isObject(now.declared) ? now.declared[name] : undefined,
    };
    const filled = fillOne(name, member, before, true);
    if ('blockedBy' in filled) return filled;
    value[name] = filled.value;
  }
  return { value };
}

/** A whole number stays whole, rounded away from what it was (3 scaled by 1.1 is 4), unless that would make nothing of it. */
function wholeBeyond(exact: number, present: number): number {
  const settled = rounded(exact);
  const whole = settled >= present ? Math.ceil(settled) : Math.floor(settled);
  return whole === 0 ? settled : whole;
}

const rounded = (value: number): number => Number(value.toPrecision(6));

function withinReplicas(value: Json, limits: Target['limits']): Json {
  if (typeof value !== 'number') return value;
  return Math.min(limits.maxReplicas, Math.max(limits.minReplicas, Math.ceil(value)));
}

function isObject(value: unknown): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What the target will have once an action is done, as far as its read-back tells. */
export function specAfter(spec: Settings | null, action: ActionType, parameters: ActionParameters): Settings | null {
  if (spec === null || action === 'RESTART_SERVICE') return spec;
  const { key, value, ...direct } = parameters;
  const renamed = Object.entries(direct).map(([name, member]) => [
    name in spec ? name : (settingOf[name] ?? name),
    member,
  ]);
  const config =
    typeof key === 'string' && isObject(spec.config) ? { ...spec.config, [key]: value ?? null } : undefined;
  return { ...spec, ...Object.fromEntries(renamed), ...(config ? { config } : {}) };
}
