import { situationRows } from '@charter/app-plan/history';
import { planMigrations } from '@charter/app-plan/migrations';
import { makePlan } from '@charter/app-plan/plan-incident';
import { defaultSettings, type PlanningSettings } from '@charter/app-plan/planner';
import { createRandom, intervalOf, type Random } from '@charter/learning';
import { grantedToAll, judgeBy, type ReplayPack, situationAt } from '@charter/replay';
import type { OutcomeType, Recommendation } from '@charter/shared/contracts';
import { openStore } from '@charter/store';

export interface HistoryOptions {
  readonly databaseUrl: string;
  readonly pack: ReplayPack;
  readonly incidents: number;
  readonly seed: number;
  /** The history ends now and begins so many days ago. */
  readonly days: number;
  readonly settings?: PlanningSettings;
}

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const batch = 500;

/**
 * A recorded history as plan leaves it: incidents of a pack's rules on its targets, each decided by the planner itself from
 * what it would have known, judged by the pack's policies, and written with all it was made from.
 */
export async function recordHistory(options: HistoryOptions): Promise<void> {
  const { databaseUrl, pack, incidents, seed, days, settings = defaultSettings } = options;
  const store = await openStore<Record<string, Record<string, unknown>>>({
    url: databaseUrl,
    schema: 'plan',
    migrations: planMigrations,
    poolSize: 2,
  });
  const random = createRandom(seed);
  const begin = Date.now() - days * 86_400_000;
  const pace = (days * 86_400_000) / incidents;
  for (let done = 0; done < incidents; done += batch) {
    const made = [];
    for (let index = done; index < Math.min(incidents, done + batch); index++) {
      made.push(await decided(pack, Math.floor(begin + index * pace), random, settings));
    }
    const rows = made.map((one) => ({ ...one, kept: situationRows(one.course, settings) }));
    const grounds = new Map(rows.map(({ kept }) => [kept.ground.digest, kept.ground]));
    await store.db
      .insertInto('ground')
      .values([...grounds.values()])
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    await store.db.insertInto('plan').values(rows.map(planRow)).execute();
    await store.db
      .insertInto('situation')
      .values(rows.map(({ kept, at }) => ({ ...kept.situation, at: new Date(at) })))
      .execute();
  }
  await store.close();
}

async function decided(pack: ReplayPack, at: number, random: Random, settings: PlanningSettings) {
  const { targets, rules } = pack.parts;
  const component = targets[random.integer(targets.length)]?.metadata.name ?? 'unknown';
  const rule = rules[random.integer(rules.length)];
  const from = at / 1_000;
  const threshold = rule?.threshold ?? 1;
  const subject = {
    fingerprint: 'f'.repeat(32),
    rule: rule?.metadata.name ?? 'unknown',
    component,
    metric: rule?.metric ?? 'unknown',
    severity: rule?.severity ?? ('warning' as const),
    comparator: rule?.comparator ?? ('>' as const),
    threshold,
    query: rule?.query ?? null,
    description: rule?.metadata.description ?? '',
    forSeconds: 0,
    resolveForSeconds: 0,
  };
  const worse = subject.comparator.startsWith('<') ? -1 : 1;
  const value = threshold + worse * Math.max(0.01, Math.abs(threshold) * random.uniform());
  const violation = { from, until: from + 60, value, subject, labels: { component }, source: 'prometheus' as const };
  const incident = { component, from, until: from + 60, violations: [violation] };
  const memory = { alone: new Map(), acts: new Map(), unhealthy: () => 1 };
  const plain = situationAt(incident, pack, memory, environmentOf(pack), settings, 1);
  const id = ulidAt(at, random);
  const situation = {
    ...plain,
    analysis: {
      ...plain.analysis,
      rootCauses: plain.analysis.rootCauses.map((one) => ({ ...one, confidence: 0.5 + random.uniform() / 2 })),
    },
    beliefs: { ...plain.beliefs, recommendations: believed(plain.beliefs.recommendations, random) },
  };
  const course = await makePlan(situation, {
    settings,
    metrics: { scored: () => undefined },
    newId: () => id,
    charter: { decide: async (request) => judgeBy(pack, request, at, grantedToAll) },
  });
  return { course, at, component, outcome: outcomeOf(course.status, random) };
}

/** The environment that the pack's policies are for. */
const environmentOf = ({ policies }: ReplayPack): string => policies[0]?.environment ?? 'production';

/** Some trials of what could be done, so that ranking has evidence to weigh. */
function believed(recommendations: ReadonlyMap<string, Recommendation>, random: Random): Map<string, Recommendation> {
  const actions = (['SCALE_UP', 'RESTART_SERVICE', 'REBALANCE_LOAD'] as const).map((action) => {
    const trials = random.integer(30);
    const successes = Math.floor(trials * random.uniform());
    const rate = intervalOf({ alpha: 1 + successes, beta: 1 + trials - successes });
    const rest = { harms: 0, meanTimeToEffectSeconds: 5, confidence: 0.5, earned: 'observe' as const, strategy: null };
    return { action, targetClass: 'service', trials, successes, ...rate, ...rest };
  });
  return new Map([...recommendations].map(([key, one]) => [key, { ...one, actions }]));
}

function outcomeOf(status: string, random: Random): OutcomeType {
  const draw = random.uniform();
  if (status === 'sent') return draw < 0.8 ? 'success' : draw < 0.9 ? 'partial' : 'ineffective';
  return draw < 0.2 ? 'success' : 'ineffective';
}

function planRow({ course, at, component, outcome }: Awaited<ReturnType<typeof decided>>) {
  const { plan, status, answer, classes } = course;
  return {
    id: plan.id,
    incident_id: plan.incidentId,
    component,
    strategy: plan.strategy,
    status: status === 'sent' ? 'executed' : status,
    body: JSON.stringify(plan),
    classes: JSON.stringify(classes),
    answer,
    outcome_id: `${plan.id.slice(0, 25)}0`,
    outcome_type: outcome,
    created_at: new Date(at),
    expires_at: new Date(plan.expiresAt),
  };
}

function ulidAt(ms: number, random: Random): string {
  let time = '';
  for (let left = ms, digit = 0; digit < 10; digit++, left = Math.floor(left / 32))
    time = `${alphabet[left % 32]}${time}`;
  return time + Array.from({ length: 16 }, () => alphabet[random.integer(32)]).join('');
}
