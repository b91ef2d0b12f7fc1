import { CelRefusal } from './cel-issue.ts';
import { readStringLiteral } from './string-literal.ts';

export type CelToken =
  | { readonly kind: 'int' | 'double'; readonly value: number; readonly offset: number }
  | { readonly kind: 'string'; readonly value: string; readonly offset: number }
  | { readonly kind: 'ident' | 'quoted-ident'; readonly value: string; readonly offset: number }
  | { readonly kind: 'symbol'; readonly value: string; readonly offset: number }
  | { readonly kind: 'end'; readonly value: ''; readonly offset: number };

const identPattern = /[_a-zA-Z][_a-zA-Z0-9]*/y;
const numberPattern = /0[xX][0-9a-fA-F]+|[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|[0-9]+/y;
const quotedIdentPattern = /`([a-zA-Z0-9_.\-/ ]+)`/y;
const stringPrefix = /(?:[rRbB]|[rR][bB]|[bB][rR])?(?=["'])/y;
const symbols = ['==', '!=', '<=', '>=', '&&', '||', ...'+-*/%<>!?:.,()[]{}'];

export function tokensFrom(source: string): CelToken[] {
  const tokens: CelToken[] = [];
  let at = 0;
  for (;;) {
    at = skipBlank(source, at);
    if (at >= source.length) {
      tokens.push({ kind: 'end', value: '', offset: at });
      return tokens;
    }
    at = readToken(source, at, tokens);
  }
}

function skipBlank(source: string, from: number): number {
  let at = from;
  for (;;) {
    const char = source.charAt(at);
    if (char === ' ' || char === '\t' || char === '\n' || char === '\r' || char === '\f') at += 1;
    else if (char === '/' && source.charAt(at + 1) === '/') {
      const end = source.indexOf('\n', at);
      at = end < 0 ? source.length : end;
    } else return at;
  }
}

function readToken(source: string, offset: number, tokens: CelToken[]): number {
  stringPrefix.lastIndex = offset;
  const prefix = stringPrefix.exec(source)?.[0];
  if (prefix !== undefined) {
    if (/[bB]/.test(prefix)) throw new CelRefusal('outside-profile', 'Bytes are not part of the profile', offset);
    const literal = readStringLiteral(source, offset + prefix.length, prefix !== '');
    tokens.push({ kind: 'string', value: literal.value, offset });
    return literal.end;
  }
  const ident = matchAt(identPattern, source, offset);
  if (ident !== undefined) {
    tokens.push({ kind: 'ident', value: ident, offset });
    return offset + ident.length;
  }
  quotedIdentPattern.lastIndex = offset;
  const quoted = quotedIdentPattern.exec(source);
  if (quoted !== null) {
    tokens.push({ kind: 'quoted-ident', value: quoted[1] ?? '', offset });
    return quotedIdentPattern.lastIndex;
  }
  const digits = matchAt(numberPattern, source, offset);
  if (digits !== undefined) return readNumber(source, offset, digits, tokens);
  const symbol = symbols.find((candidate) => source.startsWith(candidate, offset));
  if (symbol === undefined) {
    throw new CelRefusal('syntax', `Unexpected character ${JSON.stringify(source.charAt(offset))}`, offset);
  }
  tokens.push({ kind: 'symbol', value: symbol, offset });
  return offset + symbol.length;
}

function readNumber(source: string, offset: number, digits: string, tokens: CelToken[]): number {
  const end = offset + digits.length;
  const next = source.charAt(end);
  if (next === 'u' || next === 'U') {
    throw new CelRefusal('outside-profile', 'Unsigned integers are not part of the profile', offset);
  }
  if (/[_a-zA-Z0-9]/.test(next)) throw new CelRefusal('syntax', 'The number is malformed', offset);
  const isInteger = /^(?:0[xX][0-9a-fA-F]+|[0-9]+)$/.test(digits);
  const value = Number(digits);
  if (isInteger && !Number.isSafeInteger(value)) {
    throw new CelRefusal('outside-profile', 'Integers go from -(2^53-1) to 2^53-1 in the profile', offset);
  }
  tokens.push({ kind: isInteger ? 'int' : 'double', value, offset });
  return end;
}

function matchAt(pattern: RegExp, source: string, offset: number): string | undefined {
  pattern.lastIndex = offset;
  return pattern.exec(source)?.[0];
}
