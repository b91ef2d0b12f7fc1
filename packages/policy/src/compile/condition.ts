import { BOOL, type CelType, DOUBLE, INT, mapOf, STRING, TIMESTAMP } from '../cel/cel-type.ts';
import { type CelProgram, type CelResult, compileCel } from '../cel/compile-cel.ts';
import type { CelEnvironment, CelVariable } from '../cel/environment.ts';
import type { PolicyRequest } from '../decide/request.ts';
import { defaultLimits, type PolicyLimits } from '../limits.ts';

/** A compiled `when`. */
export type Condition = CelProgram<PolicyRequest>;

const planType: CelType = {
  kind: 'object',
  name: 'plan',
  fields: {
    risk: DOUBLE,
    cost: DOUBLE,
    benefit: DOUBLE,
    blastRadius: DOUBLE,
    confidence: DOUBLE,
    steps: INT,
    priority: STRING,
    rootCause: STRING,
  },
};

const text = (read: (request: PolicyRequest) => unknown): CelVariable<PolicyRequest> => ({ type: STRING, read });
const clock = (read: (now: Date) => number): CelVariable<PolicyRequest> => ({
  type: INT,
  read: ({ now }) => read(new Date(now)),
});

/** What a `when` may name. `hour`, `minute` and `weekday` (Sunday is 0) are UTC; use `now.getHours("Europe/Oslo")` for others. */
export const policyEnvironment: CelEnvironment<PolicyRequest> = {
  variables: new Map<string, CelVariable<PolicyRequest>>([
    ['action', text((request) => request.action)],
    ['target', text((request) => request.target)],
    ['targetClass', text((request) => request.targetClass)],
    ['group', text((request) => request.group)],
    ['metric', text((request) => request.metric)],
    ['source', text((request) => request.source)],
    ['role', text((request) => request.role)],
    ['purpose', text((request) => request.purpose)],
    ['environment', text((request) => request.environment)],
    ['labels', { type: mapOf(STRING, STRING), read: (request) => request.labels }],
    ['plan', { type: planType, read: (request) => request.plan }],
    ['value', { type: DOUBLE, read: (request) => request.value }],
    ['now', { type: TIMESTAMP, read: (request) => request.now }],
    ['time', { type: TIMESTAMP, read: (request) => request.now }],
    ['hour', clock((now) => now.getUTCHours())],
    ['minute', clock((now) => now.getUTCMinutes())],
    ['weekday', clock((now) => now.getUTCDay())],
  ]),
  functions: new Map([
    [
      'inWindow',
      {
        args: [STRING],
        result: BOOL,
        call: ({ windows }: PolicyRequest, [name]: readonly unknown[]) => windows?.some((window) => window === name),
      },
    ],
  ]),
};

/** Compiles a `when`; the answer carries its static cost, or what is wrong and where. */
export function compileCondition(source: string, limits: PolicyLimits = defaultLimits): CelResult<PolicyRequest> {
  return compileCel(source, policyEnvironment, { expected: BOOL, limits });
}
