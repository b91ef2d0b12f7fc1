import type { Store } from '@charter/store';
import { z } from 'zod';
import type { OrchestratorTables } from '../migrations.ts';

/** What a person may change while the loop runs. Durations in seconds. */
export const Settings = z.strictObject({
  cycleIntervalSeconds: z.number().min(1).max(86_400),
  incidentDeadlineSeconds: z.number().min(10).max(604_800),
});
export type Settings = z.infer<typeof Settings>;

/** Settings that people changed, over those the service was started with; every replica reads the same. */
export function settings(store: Store<OrchestratorTables>, started: Settings) {
  async function current(): Promise<Settings> {
    const rows = await store.db.selectFrom('setting').select(['name', 'value']).execute();
    return Settings.parse({ ...started, ...Object.fromEntries(rows.map(({ name, value }) => [name, Number(value)])) });
  }
  return {
    current,
    async change(changed: { [Name in keyof Settings]?: Settings[Name] | undefined }, by: string): Promise<Settings> {
      await store.transaction(async ({ db }) => {
        for (const [name, value] of Object.entries(changed)) {
          if (value === undefined) continue;
          const row = { value: String(value), changed_by: by, changed_at: new Date() };
          await db
            .insertInto('setting')
            .values({ name, ...row })
            .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
            .execute();
        }
      });
      return current();
    },
  };
}
export type SettingsStore = ReturnType<typeof settings>;
