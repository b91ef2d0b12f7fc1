import { readFileSync } from 'node:fs';
import { type CompileOptions, compilePolicies, type Policy, type PolicySnapshot, parsePolicy } from '../src/index.ts';

/** Loads a policy that the test knows to be right. */
export function loadPolicy(source: unknown): Policy {
  const parsed = parsePolicy(source);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return parsed.policy;
}

export function snapshotOf(sources: readonly unknown[], options?: CompileOptions): PolicySnapshot {
  const compiled = compilePolicies(sources.map(loadPolicy), options);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.errors));
  return compiled.snapshot;
}

export const classicText = (name: string): string =>
  readFileSync(new URL(`../../../deploy/policies/${name}.yaml`, import.meta.url), 'utf8');

/** A native policy of the given rules, as text with one rule a line from line 5 on. */
export const policyText = (rules: readonly string[], head = 'metadata: {name: p}'): string =>
  ['apiVersion: charter/v1', 'kind: Policy', head, 'rules:', ...rules.map((rule) => `  - ${rule}`), ''].join('\n');
