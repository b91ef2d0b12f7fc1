import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One question that a dashboard asks of Prometheus. */
export interface PanelQuery {
  /** File name without its ending. */
  readonly dashboard: string;
  /** Title of the panel, or what else of the dashboard asks. */
  readonly panel: string;
  /** As it is in the file, with variables. */
  readonly written: string;
  /** Ready to be asked: every variable stands for everything. */
  readonly expression: string;
}

interface Target {
  readonly expr: string;
}
interface Panel {
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly Target[];
}
export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly __inputs: ReadonlyArray<{ readonly name: string; readonly type: string }>;
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: ReadonlyArray<{ readonly name: string; readonly expr: string }> };
  readonly templating: { readonly list: ReadonlyArray<{ readonly name: string; readonly type: string }> };
}

const folder = join(import.meta.dirname, '../../deploy/grafana/dashboards');

/** All dashboards by file name without its ending. */
export async function dashboards(): Promise<Map<string, Dashboard>> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).toSorted();
  return new Map(
    await Promise.all(
      names.map(
        async (name): Promise<[string, Dashboard]> => [
          name.replace(/\.json$/, ''),
          JSON.parse(await readFile(join(folder, name), 'utf8')),
        ],
      ),
    ),
  );
}

/** Every PromQL expression of every panel and annotation of every dashboard. */
export async function panelQueries(): Promise<PanelQuery[]> {
  return [...(await dashboards())].flatMap(([dashboard, { panels, annotations }]) => [
    ...panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => queryOf(dashboard, title, expr))),
    ...annotations.list.map(({ name, expr }) => queryOf(dashboard, `annotation ${name}`, expr)),
  ]);
}

const queryOf = (dashboard: string, panel: string, written: string): PanelQuery => ({
  dashboard,
  panel,
  written,
  expression: written.replaceAll('$__rate_interval', '1m').replaceAll(/\$\w+/g, '.*'),
});
