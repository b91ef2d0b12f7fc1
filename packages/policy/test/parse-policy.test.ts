import { describe, expect, test } from 'vitest';
import { parsePolicy, policyFrom, readDocuments } from '../src/index.ts';
import { classicText, loadPolicy, policyText } from './load.ts';

const allow = '{id: a, effect: allow, match: {actions: [x]}}';

function errorsOf(source: unknown) {
  const parsed = parsePolicy(source);
  return parsed.ok ? [] : parsed.errors;
}

describe('a native document', () => {
  test('the example of the guide loads with its lines', () => {
    const policy = loadPolicy(policyText([allow, '{id: b, effect: deny, match: {metrics: ["card_*"]}}']));
    expect(policy.rules.map(({ id, line, pointer }) => ({ id, line, pointer }))).toEqual([
      { id: 'a', line: 5, pointer: '/rules/0' },
      { id: 'b', line: 6, pointer: '/rules/1' },
    ]);
  });

  test('JSON text has lines as well', () => {
    const text = JSON.stringify(
      loadPolicy(policyText([allow, '{id: b, effect: deny, match: {actions: [y]}}'])).document,
      null,
      2,
    );
    const { rules } = loadPolicy(text);
    const lines = text.split('\n');
    expect(rules.map(({ line, id }) => [id, lines.slice((line ?? 0) - 1, (line ?? 0) + 1).join('')])).toEqual([
      ['a', expect.stringContaining('"id": "a"')],
      ['b', expect.stringContaining('"id": "b"')],
    ]);
  });

  test.each([
    [
      'an unknown key',
      policyText(['{id: a, effect: allow, match: {actions: [x]}, wen: "true"}']),
      '/rules/0/wen',
      'The key wen is unknown here',
    ],
    [
      'an unknown effect',
      policyText(['{id: a, effect: permit, match: {actions: [x]}}']),
      '/rules/0/effect',
      'Invalid option',
    ],
    [
      'an empty selector',
      policyText(['{id: a, effect: allow, match: {}}']),
      '/rules/0/match',
      'An empty selector selects nothing',
    ],
    [
      'an empty list of patterns',
      policyText(['{id: a, effect: allow, match: {actions: []}}']),
      '/rules/0/match/actions',
      'Too small',
    ],
    [
      'too many stars',
      policyText([`{id: a, effect: allow, match: {actions: ["${'a*'.repeat(9)}"]}}`]),
      '/rules/0/match/actions/0',
      'at most 8 stars',
    ],
    [
      'a condition that does not parse',
      policyText(['{id: a, effect: allow, match: {actions: [x]}, when: "role =="}']),
      '/rules/0/when',
      'at 1:8 of the condition',
    ],
    [
      'a condition of another type',
      policyText(['{id: a, effect: allow, match: {actions: [x]}, when: "1 + 2"}']),
      '/rules/0/when',
      'The expression is int, not bool',
    ],
    [
      'an unknown variable',
      policyText(['{id: a, effect: allow, match: {actions: [x]}, when: "user == \'x\'"}']),
      '/rules/0/when',
      'There is no variable user',
    ],
    [
      'a bad duration',
      policyText(['{id: a, effect: allow, match: {actions: [x]}, obligations: [{approvers: sre, within: soon}]}']),
      '/rules/0/obligations/0/within',
      'a duration like 15m',
    ],
    [
      'a quorum without approvers',
      policyText(['{id: a, effect: allow, match: {actions: [x]}, obligations: [{quorum: 2}]}']),
      '/rules/0/obligations/0',
      'belong to approvers',
    ],
    [
      'a share above one',
      policyText(['{id: a, effect: allow, match: {actions: [x]}, obligations: [{limit: {blastRadius: 130%}}]}']),
      '/rules/0/obligations/0/limit/blastRadius',
      '',
    ],
  ])('%s is refused with its pointer and line', (_name, text, pointer, detail) => {
    const [error] = errorsOf(text);
    expect(error).toEqual({ pointer, detail: expect.stringContaining(detail), line: 5 });
  });

  test('a repeated id names the rule that has it', () => {
    expect(errorsOf(policyText([allow, allow]))).toEqual([
      { pointer: '/rules/1/id', detail: 'The id a is taken by rule 0', line: 6 },
    ]);
  });

  test('every error is told, not only the first', () => {
    const errors = errorsOf(
      policyText(['{id: a, effect: no, match: {}}', '{id: b, effect: allow}'], 'metadata: {nam: p}'),
    );
    expect(errors.map(({ pointer }) => pointer)).toEqual(
      expect.arrayContaining([
        '/metadata/name',
        '/metadata/nam',
        '/rules/0/effect',
        '/rules/0/match',
        '/rules/1/match',
      ]),
    );
  });

  test('ten thousand broken rules are told up to the hundredth error', () => {
    const errors = errorsOf({
      apiVersion: 'charter/v1',
      kind: 'Policy',
      metadata: { name: 'p' },
      rules: Array.from({ length: 10_000 }, () => 1),
    });
    expect(errors).toHaveLength(100);
  });

  test.each([
    ['nothing', '', 'The document is empty'],
    ['a list', '[1]', 'A policy is a map of keys'],
    ['a number', 7, 'A policy is a map of keys'],
    ['a repeated key', 'a: 1\na: 2', 'The key a is repeated'],
    ['a tag', 'a: !!js/function x', 'Tags are refused'],
    ['two documents', `${policyText([allow])}---\n${policyText([allow])}`, 'Expected one document'],
  ])('%s is no policy', (_name, source, detail) => {
    expect(errorsOf(source)[0]?.detail).toContain(detail);
  });
});

test('each document of a pack keeps its own lines', () => {
  const read = readDocuments(`kind: Window\nname: w\n---\n${policyText([allow])}`);
  if (!read.ok) throw new Error('unreadable');
  const [, second] = read.documents;
  const parsed = second && policyFrom(second);
  expect(parsed?.ok === true && parsed.policy.rules[0]?.line).toBe(8);
});

describe('a classic document', () => {
  test.each(['development', 'staging', 'production'])('%s has 13 whitelisted and 6 forbidden names', (name) => {
    const { form, environment, escalation, metrics } = loadPolicy(classicText(name));
    expect({ form, environment, whitelisted: metrics.whitelisted.length, forbidden: metrics.forbidden.length }).toEqual(
      {
        form: 'classic',
        environment: name,
        whitelisted: 13,
        forbidden: 6,
      },
    );
    expect(escalation.levels.map(({ name: level, threshold }) => [level, threshold])).toEqual([
      ['HIGH', 3],
      ['CRITICAL', 5],
    ]);
  });

  test('approval is demanded where the document says so', () => {
    expect(loadPolicy(classicText('development')).requiresApproval).toBe(false);
    expect(loadPolicy(classicText('production')).requiresApproval).toBe(true);
  });

  test('a name that is whitelisted and forbidden is refused', () => {
    const text = classicText('production').replace('- user_location', '- latency_p50');
    expect(errorsOf(text)).toEqual([
      { pointer: '/forbidden_metrics', detail: 'latency_p50 is both whitelisted and forbidden', line: 26 },
    ]);
  });

  test('a misspelt section is refused, notes inside a section are kept', () => {
    const text = classicText('production');
    expect(errorsOf(text.replace('forbidden_metrics', 'forbiden_metrics'))[0]?.pointer).toBe('/forbiden_metrics');
    expect(loadPolicy(text.replace('  name: Tele', '  note: kept\n  name: Tele')).document).toHaveProperty(
      'charter.note',
      'kept',
    );
  });
});
