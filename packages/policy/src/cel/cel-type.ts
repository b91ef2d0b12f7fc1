/** Static types of the profile. `never` is the element type of an empty literal and joins with any other. */
export type CelType =
  | { readonly kind: 'bool' | 'int' | 'double' | 'string' | 'null' | 'timestamp' | 'duration' | 'never' }
  | { readonly kind: 'list'; readonly element: CelType }
  | { readonly kind: 'map'; readonly key: CelType; readonly value: CelType }
  | { readonly kind: 'object'; readonly name: string; readonly fields: Readonly<Record<string, CelType>> };

export const BOOL: CelType = { kind: 'bool' };
export const INT: CelType = { kind: 'int' };
export const DOUBLE: CelType = { kind: 'double' };
export const STRING: CelType = { kind: 'string' };
export const NULL: CelType = { kind: 'null' };
export const TIMESTAMP: CelType = { kind: 'timestamp' };
export const DURATION: CelType = { kind: 'duration' };
export const NEVER: CelType = { kind: 'never' };
export const listOf = (element: CelType): CelType => ({ kind: 'list', element });
export const mapOf = (key: CelType, value: CelType): CelType => ({ kind: 'map', key, value });

export function typeName(type: CelType): string {
  if (type.kind === 'list') return `list(${typeName(type.element)})`;
  if (type.kind === 'map') return `map(${typeName(type.key)}, ${typeName(type.value)})`;
  return type.kind === 'object' ? type.name : type.kind;
}

export const isNumeric = (type: CelType): boolean => type.kind === 'int' || type.kind === 'double';

/** The one type that holds values of both, or null when there is none in the profile (there is no `dyn`). */
export function joinTypes(a: CelType, b: CelType): CelType | null {
  if (a.kind === 'never') return b;
  if (b.kind === 'never') return a;
  if (a.kind === 'list' && b.kind === 'list') {
    const element = joinTypes(a.element, b.element);
    return element && listOf(element);
  }
  if (a.kind === 'map' && b.kind === 'map') {
    const key = joinTypes(a.key, b.key);
    const value = joinTypes(a.value, b.value);
    return key && value && mapOf(key, value);
  }
  if (a.kind === 'object' || b.kind === 'object') return a === b ? a : null;
  return a.kind === b.kind ? a : null;
}

/** Whether `==` is meaningful: the same type, or numbers, which CEL compares across int and double. */
export function areComparable(a: CelType, b: CelType): boolean {
  if (isNumeric(a) && isNumeric(b)) return true;
  if (a.kind === 'list' && b.kind === 'list') {
    return a.element.kind === 'never' || b.element.kind === 'never' || areComparable(a.element, b.element);
  }
  if (a.kind === 'map' && b.kind === 'map') {
    const hasEmpty = a.key.kind === 'never' || b.key.kind === 'never';
    return hasEmpty || (areComparable(a.key, b.key) && areComparable(a.value, b.value));
  }
  return joinTypes(a, b) !== null;
}
