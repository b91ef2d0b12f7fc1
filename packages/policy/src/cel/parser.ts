import type { PolicyLimits } from '../limits.ts';
import type { CelBinaryOperator, CelExpr, CelMapEntry } from './ast.ts';
import { CelRefusal } from './cel-issue.ts';
import { type CelToken, tokensFrom } from './lexer.ts';
import { expandMacro } from './macros.ts';

const reserved = new Set(
  'as break const continue else for function if import let loop package namespace return var void while'.split(' '),
);
const levels: readonly (readonly CelBinaryOperator[])[] = [
  ['||'],
  ['&&'],
  ['==', '!=', '<', '<=', '>', '>=', 'in'],
  ['+', '-'],
  ['*', '/', '%'],
];

/** Parses CEL text to an AST. Throws `CelRefusal`; depth, node count and literal sizes are bounded while parsing. */
export function parseCel(source: string, limits: PolicyLimits): CelExpr {
  if (source.length > limits.expressionLength) {
    throw new CelRefusal('limit', `An expression has at most ${String(limits.expressionLength)} characters`, 0);
  }
  const tokens = tokensFrom(source);
  const end: CelToken = { kind: 'end', value: '', offset: source.length };
  let at = 0;
  let depth = 0;
  let nodes = 0;

  const peek = (): CelToken => tokens[at] ?? end;
  const isSymbol = (value: string): boolean => peek().kind === 'symbol' && peek().value === value;
  const take = (): CelToken => {
    const token = peek();
    at += 1;
    return token;
  };
  const accept = (value: string): boolean => {
    if (!isSymbol(value)) return false;
    at += 1;
    return true;
  };
  const fail = (detail: string, token: CelToken = peek()): never => {
    throw new CelRefusal('syntax', detail, token.offset);
  };
  const expectSymbol = (value: string): void => {
    if (!accept(value)) fail(`Expected ${value} but found ${describe(peek())}`);
  };
  const node = <E extends CelExpr>(expr: E): E => {
    nodes += 1;
    if (nodes > limits.expressionNodes) {
      throw new CelRefusal('limit', `An expression has at most ${String(limits.expressionNodes)} nodes`, expr.offset);
    }
    return expr;
  };
  const nested = <T>(read: () => T): T => {
    depth += 1;
    if (depth > limits.expressionDepth) {
      throw new CelRefusal(
        'limit',
        `An expression nests at most ${String(limits.expressionDepth)} deep`,
        peek().offset,
      );
    }
    const result = read();
    depth -= 1;
    return result;
  };

  const expression = (): CelExpr =>
    nested(() => {
      const test = binary(0);
      const { offset } = peek();
      if (!accept('?')) return test;
      const then = binary(0);
      expectSymbol(':');
      return node({ kind: 'conditional', test, then, otherwise: expression(), offset });
    });

  const operatorAt = (level: number): CelBinaryOperator | undefined => {
    const token = peek();
    if (token.kind !== 'symbol' && !(token.kind === 'ident' && token.value === 'in')) return undefined;
    return levels[level]?.find((operator) => operator === token.value);
  };

  const binary = (level: number): CelExpr => {
    if (level >= levels.length) return unary();
    let left = binary(level + 1);
    for (;;) {
      const operator = operatorAt(level);
      if (operator === undefined) return left;
      const { offset } = take();
      left = node({ kind: 'binary', operator, left, right: binary(level + 1), offset });
    }
  };

  const unary = (): CelExpr => {
    const { offset } = peek();
    if (accept('!')) return node({ kind: 'unary', operator: '!', operand: nested(unary), offset });
    if (!accept('-')) return member();
    const operand = nested(unary);
    if (operand.kind === 'literal' && (operand.type === 'int' || operand.type === 'double')) {
      return { ...operand, value: operand.type === 'int' && operand.value === 0 ? 0 : -operand.value, offset };
    }
    return node({ kind: 'unary', operator: '-', operand, offset });
  };

  const member = (): CelExpr => {
    let operand = primary();
    for (;;) {
      const { offset } = peek();
      if (accept('.')) operand = afterDot(operand, offset);
      else if (accept('[')) {
        if (isSymbol('?')) throw new CelRefusal('outside-profile', 'Optionals are not part of the profile', offset);
        const index = expression();
        expectSymbol(']');
        operand = node({ kind: 'index', operand, index, offset });
      } else if (isSymbol('{') && (operand.kind === 'ident' || operand.kind === 'select')) {
        throw new CelRefusal('outside-profile', 'Messages cannot be built in the profile', offset);
      } else return operand;
    }
  };

  const afterDot = (operand: CelExpr, offset: number): CelExpr => {
    if (isSymbol('?')) throw new CelRefusal('outside-profile', 'Optionals are not part of the profile', offset);
    const name = take();
    const isName = name.kind === 'ident' || name.kind === 'quoted-ident';
    if (!isName || ['true', 'false', 'null', 'in'].includes(name.value)) {
      return fail(`Expected a field name but found ${describe(name)}`, name);
    }
    if (name.kind === 'ident' && accept('(')) {
      const args = list(')');
      return node(expandMacro(name.value, operand, args, offset) ?? call(name.value, operand, args, offset));
    }
    return node({ kind: 'select', operand, field: name.value, present: false, offset });
  };

  const call = (name: string, target: CelExpr | null, args: CelExpr[], offset: number): CelExpr => ({
    kind: 'call',
    name,
    target,
    args,
    offset,
  });

  const list = (close: string): CelExpr[] => {
    const items: CelExpr[] = [];
    while (!isSymbol(close)) {
      if (isSymbol('?'))
        throw new CelRefusal('outside-profile', 'Optionals are not part of the profile', peek().offset);
      items.push(expression());
      if (items.length > limits.literalItems) fail(`A list has at most ${String(limits.literalItems)} items`);
      if (!accept(',')) break;
      if (close === ')' && isSymbol(')')) fail('Expected an argument after the comma');
    }
    expectSymbol(close);
    return items;
  };

  const mapEntries = (): CelMapEntry[] => {
    const entries: CelMapEntry[] = [];
    while (!isSymbol('}')) {
      if (isSymbol('?'))
        throw new CelRefusal('outside-profile', 'Optionals are not part of the profile', peek().offset);
      const key = expression();
      expectSymbol(':');
      entries.push({ key, value: expression() });
      if (entries.length > limits.literalItems) fail(`A map has at most ${String(limits.literalItems)} entries`);
      if (!accept(',')) break;
    }
    expectSymbol('}');
    return entries;
  };

  const primary = (): CelExpr => {
    const token = take();
    const { offset } = token;
    if (token.kind === 'int' || token.kind === 'double') {
      return node({ kind: 'literal', type: token.kind, value: token.value, offset });
    }
    if (token.kind === 'string') {
      if (token.value.length > limits.literalLength) fail('The string literal is too long', token);
      return node({ kind: 'literal', type: 'string', value: token.value, offset });
    }
    if (token.kind === 'ident') return named(token.value, token);
    if (token.kind === 'symbol' && token.value === '(') {
      const inner = expression();
      expectSymbol(')');
      return inner;
    }
    if (token.kind === 'symbol' && token.value === '[') return node({ kind: 'list', items: list(']'), offset });
    if (token.kind === 'symbol' && token.value === '{') return node({ kind: 'map', entries: mapEntries(), offset });
    if (token.kind === 'symbol' && token.value === '.' && peek().kind === 'ident') {
      throw new CelRefusal('outside-profile', 'Names with a leading dot are not part of the profile', offset);
    }
    return fail(`Expected an expression but found ${describe(token)}`, token);
  };

  const named = (name: string, token: CelToken): CelExpr => {
    const { offset } = token;
    if (name === 'true' || name === 'false') {
      return node({ kind: 'literal', type: 'bool', value: name === 'true', offset });
    }
    if (name === 'null') return node({ kind: 'literal', type: 'null', value: null, offset });
    if (name === 'in' || reserved.has(name)) return fail(`${name} is a reserved word`, token);
    if (!accept('(')) return node({ kind: 'ident', name, offset });
    const args = list(')');
    return node(expandMacro(name, null, args, offset) ?? call(name, null, args, offset));
  };

  const result = expression();
  if (peek().kind !== 'end') fail(`Unexpected ${describe(peek())}`);
  return result;
}

function describe(token: CelToken): string {
  return token.kind === 'end' ? 'the end' : JSON.stringify(token.value);
}
