import { CelFault } from './cel-fault.ts';
import type { CelType } from './cel-type.ts';

export type CelRecord = Readonly<Record<string, unknown>>;

export const isRecord = (value: unknown): value is CelRecord =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Map);

/** Reads a map, whichever way it is held; undefined when the key is absent. Inherited properties are absent. */
export function entryOf(map: unknown, key: unknown): unknown {
  if (map instanceof Map) return map.get(key);
  if (typeof key !== 'string' || !isRecord(map) || !Object.hasOwn(map, key)) return undefined;
  return map[key];
}

export const keysOf = (map: unknown): readonly unknown[] =>
  map instanceof Map ? [...map.keys()] : Object.keys(isRecord(map) ? map : {});

export const sizeOfMap = (map: unknown): number => (map instanceof Map ? map.size : keysOf(map).length);

/** Whether a value read from outside has the declared type; deep only for what is cheap to see. */
export function hasType(value: unknown, type: CelType): boolean {
  switch (type.kind) {
    case 'bool':
      return typeof value === 'boolean';
    case 'string':
      return typeof value === 'string';
    case 'int':
      return Number.isSafeInteger(value);
    case 'double':
      return typeof value === 'number';
    case 'timestamp':
    case 'duration':
      return typeof value === 'number' && Number.isFinite(value);
    case 'null':
      return value === null;
    case 'list':
      return Array.isArray(value);
    case 'map':
      return value instanceof Map || isRecord(value);
    case 'object':
      return isRecord(value);
    case 'never':
      return false;
  }
}

export function areEqual(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => areEqual(item, b[index]));
  }
  if (sizeOfMap(a) !== sizeOfMap(b)) return false;
  return keysOf(a).every((key) => {
    const other = entryOf(b, key);
    return other !== undefined && areEqual(entryOf(a, key), other);
  });
}

/** Orders strings by code point, as CEL does; UTF-16 order differs where surrogates meet U+E000 and above. */
export function compareStrings(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

const rank = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);

/** Length in code points. */
export function codePoints(text: string): number {
  let count = text.length;
  for (let at = 0; at + 1 < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit >= 0xd800 && unit <= 0xdbff && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) {
      count -= 1;
      at += 1;
    }
  }
  return count;
}

export const overflow = new CelFault('The result is outside the range of the type');

/** Ints of the profile are the integers that a JavaScript number holds exactly. */
export const intOr = (value: number): number | CelFault => (Number.isSafeInteger(value) ? value + 0 : overflow);
