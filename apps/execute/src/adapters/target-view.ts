import { CharterError, type Target, type TargetState } from '@charter/shared/contracts';
import { sql } from 'kysely';
import type { ExecuteSettings } from '../domain/settings.ts';
import { type Spec, specHash } from '../domain/spec.ts';
import type { Clock, Effectors, Targets } from '../ports.ts';
import type { ExecuteStore } from './execution-records.ts';

export interface TargetViewDeps {
  readonly store: ExecuteStore;
  readonly targets: Targets;
  readonly effectors: Effectors;
  readonly clock: Clock;
  readonly settings: ExecuteSettings;
}

/** How long a read specification is good for another reader. */
const freshMs = 500;

interface LeaseFacts {
  readonly target: string;
  readonly generation: string;
  readonly holder: string | null;
  readonly previous_spec: Spec | null;
  readonly changed_at: Date | null;
  readonly expires_at: Date | null;
  readonly is_uncertain: boolean;
  readonly failures: number;
  readonly last_failure: Date | null;
}

/** Every target of the active pack as it is now, by name. */
export function targetView(deps: TargetViewDeps): { list(): Promise<TargetState[]> } {
  const reads = new Map<string, { at: number; spec: Promise<Spec | null> }>();

  async function readSpec(target: Target): Promise<{ spec: Spec | null; guarantee: TargetState['guarantee'] }> {
    const effector = await deps.effectors.of(target);
    const { name } = target.metadata;
    const kept = reads.get(name);
    if (!kept || deps.clock.now() - kept.at > freshMs) {
      reads.set(name, { at: deps.clock.now(), spec: unlessAway(effector.readSpec()) });
    }
    return { spec: (await reads.get(name)?.spec) ?? null, guarantee: effector.guarantee };
  }

  return {
    async list() {
      const all = deps.targets.all().toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
      const leases = await leasesOf(deps);
      return Promise.all(
        all.map(async (target) =>
          stateOf(target, await readSpec(target), leases.get(target.metadata.name), deps.settings),
        ),
      );
    },
  };
}

async function leasesOf({ store, settings }: TargetViewDeps): Promise<ReadonlyMap<string, LeaseFacts>> {
  const { rows } = await sql<LeaseFacts>`
    select l.target, l.generation, l.holder, l.previous_spec, l.changed_at, l.expires_at,
      coalesce(e.state = 'uncertain', false) as is_uncertain,
      (select count(*)::int from execute.failure f
        where f.target = l.target and f.at > now() - make_interval(secs => ${settings.breaker.windowSeconds})) as failures,
      (select max(at) from execute.failure f where f.target = l.target) as last_failure
    from execute.target_lease l left join execute.execution e on e.id = l.holder`.execute(store.db);
  return new Map(rows.map((row) => [row.target, row]));
}

function stateOf(
  target: Target,
  { spec, guarantee }: { spec: Spec | null; guarantee: TargetState['guarantee'] },
  lease: LeaseFacts | undefined,
  settings: ExecuteSettings,
): TargetState {
  const blocked = lease ? blockOf(lease, target.limits.cooldown ?? settings.cooldownSeconds, settings.breaker) : null;
  return {
    name: target.metadata.name,
    class: target.class,
    group: target.group,
    effector: target.effector.kind,
    guarantee,
    actions: target.actions,
    spec,
    previousSpec: lease?.previous_spec ?? null,
    specHash: spec === null ? null : specHash(spec),
    generation: Number(lease?.generation ?? 0),
    holder: lease?.holder ?? null,
    blockedUntil: blocked?.until.toISOString() ?? null,
    blockedReason: blocked?.reason ?? null,
    readAt: new Date().toISOString(),
  };
}

/** What keeps a target from being changed, the longest block first. */
function blockOf(
  lease: LeaseFacts,
  cooldownSeconds: number,
  breaker: ExecuteSettings['breaker'],
): { until: Date; reason: string } | null {
  const after = (at: Date, seconds: number): Date => new Date(at.getTime() + seconds * 1_000);
  const blocks: { until: Date; reason: string }[] = [];
  if (lease.is_uncertain && lease.expires_at)
    blocks.push({ until: lease.expires_at, reason: 'its state is unknown: a person has to look' });
  if (lease.failures >= breaker.failures && lease.last_failure) {
    blocks.push({
      until: after(lease.last_failure, breaker.windowSeconds),
      reason: `breaker open after ${String(lease.failures)} failures`,
    });
  }
  if (lease.changed_at)
    blocks.push({ until: after(lease.changed_at, cooldownSeconds), reason: 'cool-down after its last change' });
  const standing = blocks.filter(({ until }) => until.getTime() > Date.now());
  return standing.sort((a, b) => b.until.getTime() - a.until.getTime())[0] ?? null;
}

async function unlessAway(asked: Promise<Spec | null>): Promise<Spec | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof CharterError) return null;
    throw error;
  }
}
