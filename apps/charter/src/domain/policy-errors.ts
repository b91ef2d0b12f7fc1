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
  const unkept = unkeptObligations(policy, source);
  if (unkept.length > 0) return unkept;
  const compiled = compilePolicies([policy]);
  if (!compiled.ok) {
    return compiled.errors.map(({ pointer, detail, line }) =>
      line === undefined ? { pointer, detail } : { pointer, detail, line },
    );
  }
  return failedTests(policy, source);
}

/** Duties that the engine knows and nobody here carries out: a promise that is not kept is refused. */
function unkeptObligations({ rules }: Policy, source: SourceDocument): FailurePointer[] {
  return rules.flatMap(({ id, obligations, pointer }, rule) =>
    obligations.flatMap((obligation, at) => {
      const path = ['rules', rule, 'obligations', at];
      const refused = (key: string, detail: string): FailurePointer => ({
        pointer: `${pointer}/obligations/${String(at)}/${key}`,
        detail: `Rule ${id}: ${detail}`,
        ...lineAt(source, path),
      });
      return [
        ...(obligation.notify === undefined
          ? []
          : [refused('notify', 'nobody here carries out notify; ask people with require-approval and approvers')]),
        ...(obligation.limit?.concurrent === undefined
          ? []
          : [refused('limit/concurrent', 'nobody here counts what runs at once; bound it by perMinute or perHour')]),
      ];
    }),
  );
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
