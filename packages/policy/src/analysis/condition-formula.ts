import type { CelBinary, CelCall, CelExpr } from '../cel/ast.ts';
import { termOf } from './condition-terms.ts';
import { always, both, either, type Formula, leaf, negated, never } from './formula.ts';
import { around, type NameSet, namesOf } from './name-set.ts';
import { type Comparison, type Spans, spansInEither, spansOutside, spansWhere } from './number-set.ts';
import { numberDomains, opaquePrefix, outcomes, presence } from './request-variables.ts';
import { anyText, noText, textIn, textOutside } from './value-set.ts';

/** When an expression is true and when it is false; where it is neither, evaluating it fails. */
export interface Truth {
  readonly holds: Formula;
  readonly fails: Formula;
}

/** What a condition says about the variables of a request. What it cannot read becomes an opaque variable. */
export function truthOf(expr: CelExpr): Truth {
  switch (expr.kind) {
    case 'literal':
      if (expr.type !== 'bool') return opaque(expr);
      return expr.value ? { holds: always, fails: never } : { holds: never, fails: always };
    case 'select':
      return presenceTruth(expr.present, expr.operand, expr.field) ?? opaque(expr);
    case 'unary': {
      if (expr.operator !== '!') return opaque(expr);
      const { holds, fails } = truthOf(expr.operand);
      return { holds: fails, fails: holds };
    }
    case 'binary':
      return binaryTruth(expr);
    case 'conditional': {
      const [test, then, otherwise] = [truthOf(expr.test), truthOf(expr.then), truthOf(expr.otherwise)];
      return {
        holds: either(both(test.holds, then.holds), both(test.fails, otherwise.holds)),
        fails: either(both(test.holds, then.fails), both(test.fails, otherwise.fails)),
      };
    }
    case 'call':
      return callTruth(expr) ?? opaque(expr);
    default:
      return opaque(expr);
  }
}

/** The same expression is the same variable wherever it is written. */
function opaque(expr: CelExpr): Truth {
  return opaqueTruth(JSON.stringify(expr, (key, value: unknown) => (key === 'offset' ? undefined : value)));
}

export const opaqueTruth = (text: string): Truth => ({
  holds: leaf(`${opaquePrefix}${text}`, { kind: 'flag', mask: outcomes.yes }),
  fails: leaf(`${opaquePrefix}${text}`, { kind: 'flag', mask: outcomes.no }),
});

/** The requests on which a rule with this condition matches: a denial also where the condition fails. */
export const matchedFormula = ({ holds, fails }: Truth, failureMatches: boolean): Formula =>
  failureMatches ? negated(fails) : holds;

function binaryTruth(expr: CelBinary): Truth {
  const { operator, left, right } = expr;
  if (operator === '&&' || operator === '||') {
    const [a, b] = [truthOf(left), truthOf(right)];
    return operator === '&&'
      ? { holds: both(a.holds, b.holds), fails: either(a.fails, b.fails) }
      : { holds: either(a.holds, b.holds), fails: both(a.fails, b.fails) };
  }
  if (operator === 'in') return membershipTruth(left, right) ?? opaque(expr);
  if (operator === '+' || operator === '-' || operator === '*' || operator === '/' || operator === '%') {
    return opaque(expr);
  }
  return comparisonTruth(operator, left, right) ?? comparisonTruth(mirrored[operator], right, left) ?? opaque(expr);
}

const mirrored: Readonly<Record<Comparison, Comparison>> = {
  '==': '==',
  '!=': '!=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

function comparisonTruth(comparison: Comparison, left: CelExpr, right: CelExpr): Truth | null {
  const [variable, constant] = [termOf(left), termOf(right)];
  if (variable === null || variable.kind === 'constant' || constant?.kind !== 'constant') return null;
  const { value } = constant;
  if (variable.kind === 'number' && typeof value === 'number') {
    const domain = numberDomains.get(variable.name);
    return domain === undefined ? null : numberTruth(variable.name, spansWhere(comparison, value, domain));
  }
  if (variable.kind !== 'text' || typeof value !== 'string') return null;
  if (comparison === '==') return textTruth(variable.name, namesOf([value]));
  if (comparison !== '!=') return null;
  const { holds, fails } = textTruth(variable.name, namesOf([value]));
  return { holds: fails, fails: holds };
}

const textTruth = (name: string, set: NameSet): Truth => ({
  holds: leaf(name, textIn(set)),
  fails: leaf(name, textOutside(set)),
});

function numberTruth(name: string, spans: Spans): Truth {
  const domain = numberDomains.get(name);
  const rest = domain === undefined ? [] : spansOutside(spans, domain);
  const within = (some: Spans): Formula =>
    some.length === 0 ? never : leaf(name, { kind: 'number', absent: false, spans: some });
  return { holds: within(spans), fails: within(rest) };
}

function membershipTruth(left: CelExpr, right: CelExpr): Truth | null {
  const term = termOf(left);
  if (term?.kind === 'constant' && typeof term.value === 'string' && right.kind === 'ident') {
    return presenceTruth(true, right, term.value);
  }
  if (right.kind !== 'list' || term === null || term.kind === 'constant') return null;
  const values = right.items.map((item) => {
    const constant = termOf(item);
    return constant?.kind === 'constant' ? constant.value : null;
  });
  const texts = values.filter((value) => typeof value === 'string');
  const numbers = values.filter((value) => typeof value === 'number');
  if (term.kind === 'text') return texts.length === values.length ? textTruth(term.name, namesOf(texts)) : null;
  const domain = numberDomains.get(term.name);
  if (domain === undefined || numbers.length !== values.length) return null;
  const spans = numbers.reduce<Spans>((sum, value) => spansInEither(sum, spansWhere('==', value, domain), domain), []);
  return numberTruth(term.name, spans);
}

/** `has(labels.x)`, `has(plan.x)`, `"x" in labels`. */
function presenceTruth(present: boolean, operand: CelExpr, field: string): Truth | null {
  if (!present || operand.kind !== 'ident') return null;
  const container = operand.name;
  if (container !== 'labels' && container !== 'plan') return null;
  const name = `${container}.${field}`;
  const domain = numberDomains.get(name);
  const isThere = leaf(container, { kind: 'flag', mask: presence.yes });
  if (domain === undefined) return { holds: leaf(name, anyText), fails: both(isThere, leaf(name, noText)) };
  return {
    holds: leaf(name, { kind: 'number', absent: false, spans: [domain] }),
    fails: both(isThere, leaf(name, { kind: 'number', absent: true, spans: [] })),
  };
}

const textTests: Readonly<Record<string, (text: string) => NameSet>> = {
  startsWith: (text) => around(text, ''),
  endsWith: (text) => around('', text),
  contains: (text) => around('', text, ''),
};

function callTruth({ name, target, args }: CelCall): Truth | null {
  const [first] = args;
  const argument = first === undefined ? null : termOf(first);
  if (args.length !== 1 || argument?.kind !== 'constant' || typeof argument.value !== 'string') return null;
  if (target === null) return name === 'inWindow' ? windowTruth(argument.value) : null;
  const receiver = termOf(target);
  const setOf = textTests[name];
  return receiver?.kind === 'text' && setOf !== undefined ? textTruth(receiver.name, setOf(argument.value)) : null;
}

const windowTruth = (window: string): Truth => ({
  holds: leaf(`windows.${window}`, { kind: 'flag', mask: presence.yes }),
  fails: both(
    leaf('windows', { kind: 'flag', mask: presence.yes }),
    leaf(`windows.${window}`, { kind: 'flag', mask: presence.no }),
  ),
});
