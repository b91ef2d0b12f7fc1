import { compilePolicies, type Policy, runPolicyTests, type SourceDocument } from '@charter/policy';
import { type FailurePointer, Name } from '@charter/shared/contracts';

const lineAt = (source: SourceDocument, path: ReadonlyArray<string | number>): { line?: number } => {
  const line = source.lineOf(path);
  return line === null ? {} : { line };
};

/** What keeps a well-formed policy from being used: bounds of the engine, and tests of its own that fail. */
export function policyErrors(policy: Policy, source: SourceDocument): FailurePointer[] {
  const unkeepable = [policy.name, policy.version ?? 'x', policy.environment ?? 'x'].filter(
    (name) => !Name.safeParse(name).success,
  );
  if (unkeepable.length > 0) {
    return [{ pointer: '', detail: 'Name, version and environment are printable and have at most 200 characters' }];
  }
  if (JSON.stringify(policy.document).includes('\\u0000')) {
    return [{ pointer: '', detail: 'The document holds a NUL character, which no record can keep' }];
  }
  const compiled = compilePolicies([policy]);
  if (!compiled.ok) {
    return compiled.errors.map(({ pointer, detail, line }) =>
      line === undefined ? { pointer, detail } : { pointer, detail, line },
    );
  }
  return failedTests(policy, source);
}

function failedTests(policy: Policy, source: SourceDocument): FailurePointer[] {
  const run = runPolicyTests(policy);
  if (!run.ok) return [];
  return run.results.flatMap(({ name, pass, expected, actual, reasons }, index) => {
    if (pass) return [];
    const by = (rule: string | null | undefined): string => (rule === undefined ? '' : ` by ${rule ?? 'no rule'}`);
    const detail = `Test "${name}" expects ${expected.effect}${by(expected.rule)} and gets ${actual.effect}${by(actual.rule)}: ${reasons.join('; ')}`;
    return [{ pointer: `/tests/${String(index)}`, detail, ...lineAt(source, ['tests', index]) }];
  });
}
