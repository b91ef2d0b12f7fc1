import fc from 'fast-check';
import { expect, test } from 'vitest';
import { comparePolicies, decide, findConflicts, type PolicyRequest } from '../src/index.ts';
import { compiled, meaningOf, smallDocument, smallRequests } from './analysis-small-domain.ts';
import { loadPolicy } from './load.ts';

const runs = process.env.CHARTER_FULL === '1' ? 1_500 : 30;

test('what is found to change nothing can be left out, and nothing else can', () => {
  fc.assert(
    fc.property(smallDocument(5), (document) => {
      const policy = loadPolicy(document);
      const findings = findConflicts([policy]);
      expect(findings.filter(({ verdict }) => verdict === 'unknown')).toEqual([]);
      const useless = new Set(
        findings
          .filter(({ kind }) => ['vacuous', 'shadowed', 'redundant', 'dead'].includes(kind))
          .map(({ rules: [first] }) => first?.id),
      );
      const meaningsOf = (ids: readonly string[]): string[] => {
        const snapshot = compiled([{ ...policy, rules: policy.rules.filter(({ id }) => ids.includes(id)) }]);
        return smallRequests.map((request) => {
          const isDefault = decide(snapshot, request).rule === null;
          return `${meaningOf(snapshot, request)} by ${isDefault ? 'default' : 'a rule'}`;
        });
      };
      const meanings = meaningsOf(policy.rules.map(({ id }) => id));
      const changedWith = (ids: readonly string[]): PolicyRequest | undefined => {
        const now = meaningsOf(ids);
        return smallRequests.find((_request, at) => now[at] !== meanings[at]);
      };
      const kept = policy.rules.map(({ id }) => id).filter((id) => !useless.has(id));
      expect(changedWith(kept)).toBeUndefined();
      for (const id of kept) expect(changedWith(kept.filter((other) => other !== id))).toBeDefined();
    }),
    { numRuns: runs },
  );
});

test('a denial that meets a grant is always found, with a request that both match', () => {
  fc.assert(
    fc.property(smallDocument(5), (document) => {
      const policy = loadPolicy(document);
      const findings = findConflicts([policy]);
      const snapshot = compiled([policy]);
      const alone = new Map(policy.rules.map((rule) => [rule.id, compiled([{ ...policy, rules: [rule] }])] as const));
      const matches = (id: string, request: PolicyRequest): boolean => {
        const own = alone.get(id);
        return own !== undefined && decide(own, request).rule !== null;
      };
      const [denials, grants] = [
        policy.rules.filter(({ effect }) => effect === 'deny'),
        policy.rules.filter(({ effect }) => effect !== 'deny'),
      ];
      const told = (ids: readonly string[]): boolean =>
        findings.some(({ rules }) => ids.every((id) => rules.some((rule) => rule.id === id))) ||
        findings.some(
          ({ kind, rules: [first] }) => kind !== 'overlap' && first !== undefined && ids.includes(first.id),
        );
      for (const denial of denials) {
        for (const grant of grants) {
          const isMet = smallRequests.some(
            (request) =>
              decide(snapshot, request).effect === 'deny' && matches(denial.id, request) && matches(grant.id, request),
          );
          if (isMet) expect(told([denial.id, grant.id])).toBe(true);
        }
      }
      for (const { kind, rules, witness } of findings) {
        if (kind !== 'overlap') continue;
        expect(witness).not.toBeNull();
        for (const { id } of rules) expect(witness !== null && matches(id, witness)).toBe(true);
      }
    }),
    { numRuns: Math.ceil(runs / 4) },
  );
});

const levels = { deny: 0, 'require-approval': 1, allow: 2 } as const;

test('the comparison of effects agrees with trying every request', () => {
  const document = smallDocument(4).map((one) => ({
    ...one,
    rules: one.rules.map(({ obligations: _, ...rule }) => rule),
  }));
  fc.assert(
    fc.property(document, document, (before, after) => {
      const [old, now] = [loadPolicy(before), loadPolicy(after)];
      const result = comparePolicies([old], [now]);
      if (!result.ok) throw new Error(JSON.stringify(result.errors));
      const { verdict, perAction } = result.comparison;
      const [one, two] = [compiled([old]), compiled([now])];
      const gains = smallRequests.map(
        (request) => levels[decide(two, request).effect] - levels[decide(one, request).effect],
      );
      const [isMore, isLess] = [gains.some((gain) => gain > 0), gains.some((gain) => gain < 0)];
      expect(verdict).toBe(isMore && isLess ? 'incomparable' : isMore ? 'more' : isLess ? 'less' : 'equivalent');
      for (const { witness } of perAction) {
        if (witness.more !== null)
          expect(levels[decide(two, witness.more).effect]).toBeGreaterThan(levels[decide(one, witness.more).effect]);
        if (witness.less !== null)
          expect(levels[decide(two, witness.less).effect]).toBeLessThan(levels[decide(one, witness.less).effect]);
      }
    }),
    { numRuns: runs },
  );
});

test('versions are equivalent exactly when every request is decided with the same effect and duties', () => {
  fc.assert(
    fc.property(smallDocument(3), smallDocument(3), fc.nat(3), (before, other, keep) => {
      const after = {
        ...other,
        rules: [...before.rules.slice(keep), ...other.rules.map((rule) => ({ ...rule, id: `n-${rule.id}` }))],
      };
      const [old, now] = [loadPolicy(before), loadPolicy(after)];
      const result = comparePolicies([old], [now]);
      if (!result.ok) throw new Error(JSON.stringify(result.errors));
      const [one, two] = [compiled([old]), compiled([now])];
      const isSame = smallRequests.every((request) => meaningOf(one, request) === meaningOf(two, request));
      expect(result.comparison.verdict === 'equivalent').toBe(isSame);
    }),
    { numRuns: runs },
  );
});
