import { PackDocument, type Strategy, type Target, type Window } from '@charter/shared/contracts';
import type { PlacedPolicy } from './pack-draft.ts';

/** Something one document says of another that is not so. */
export interface ReferenceError {
  readonly index: number;
  readonly pointer: string;
  readonly detail: string;
}

interface Placed<Document> {
  readonly index: number;
  readonly document: Document;
}

const isExact = (pattern: string): boolean => !pattern.includes('*');

/** Names that are taken twice, and strategies and windows that name targets, actions, rules or steps that are not there. */
export function referenceErrors(
  written: ReadonlyArray<{ readonly index: number; readonly value: unknown }>,
  policies: readonly PlacedPolicy[],
): ReferenceError[] {
  const documents = written.map(({ index, value }) => ({ index, document: PackDocument.parse(value) }));
  const targets = new Map<string, Target>();
  const rules = new Set<string>();
  for (const { document } of documents) {
    if (document.kind === 'Target') targets.set(document.metadata.name, document);
    if (document.kind === 'Rule') rules.add(document.metadata.name);
  }
  return [
    ...repeatedNames([
      ...documents.map(({ index, document }) => ({ index, name: `${document.kind} ${document.metadata.name}` })),
      ...policies.map(({ index, policy }) => ({
        index,
        name: `Policy ${policy.name} for ${policy.environment ?? 'all environments'}`,
      })),
    ]),
    ...documents.flatMap(({ index, document }) => {
      if (document.kind === 'Strategy') return strategyErrors({ index, document }, targets, rules);
      return document.kind === 'Window' ? windowErrors({ index, document }, targets) : [];
    }),
  ].sort((a, b) => a.index - b.index);
}

function repeatedNames(names: ReadonlyArray<{ index: number; name: string }>): ReferenceError[] {
  const taken = new Map<string, number>();
  return names.flatMap(({ index, name }) => {
    const first = taken.get(name);
    if (first === undefined) {
      taken.set(name, index);
      return [];
    }
    return [{ index, pointer: '/metadata/name', detail: `${name} is also document ${String(first)}` }];
  });
}

function strategyErrors(
  { index, document }: Placed<Strategy>,
  targets: ReadonlyMap<string, Target>,
  rules: ReadonlySet<string>,
): ReferenceError[] {
  const ids = document.actions.map(({ id }) => id).filter((id) => id !== undefined);
  const steps = new Set(ids);
  const errors: Array<Omit<ReferenceError, 'index'>> = [];
  if (steps.size < ids.length) errors.push({ pointer: '/actions', detail: 'Two actions have the same id' });
  for (const [place, { action, target, dependsOn }] of document.actions.entries()) {
    const at = `/actions/${String(place)}`;
    if (target !== undefined) {
      const known = targets.get(target);
      if (!known) errors.push({ pointer: `${at}/target`, detail: `The pack has no Target ${target}` });
      else if (!known.actions.includes(action)) {
        errors.push({ pointer: `${at}/action`, detail: `Target ${target} does not take ${action}` });
      }
    }
    for (const [number, step] of dependsOn.entries()) {
      if (steps.has(step)) continue;
      errors.push({
        pointer: `${at}/dependsOn/${String(number)}`,
        detail: `No action of this strategy has the id ${step}`,
      });
    }
  }
  for (const [place, rule] of (document.match.rules ?? []).entries()) {
    if (isExact(rule) && !rules.has(rule)) {
      errors.push({ pointer: `/match/rules/${String(place)}`, detail: `The pack has no Rule ${rule}` });
    }
  }
  return errors.map((error) => ({ index, ...error }));
}

function windowErrors({ index, document }: Placed<Window>, targets: ReadonlyMap<string, Target>): ReferenceError[] {
  return document.targets.flatMap((target, place) =>
    !isExact(target) || targets.has(target)
      ? []
      : [{ index, pointer: `/targets/${String(place)}`, detail: `The pack has no Target ${target}` }],
  );
}
