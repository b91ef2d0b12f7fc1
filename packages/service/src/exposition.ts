import { type Metric, type OpenMetricsContentType, Registry } from 'prom-client';

/** What a scrape is answered with. */
export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

/**
 * All metrics in the format the scraper prefers: OpenMetrics, which carries exemplars, or the classic text. A registry that
 * renders itself in a way of its own does so in text.
 */
export async function exposeMetrics(registry: Registry, accept: string | undefined): Promise<Exposition> {
  const isOpen = accept?.includes('application/openmetrics-text') && registry.metrics === Registry.prototype.metrics;
  const exposed = isOpen ? openMetricsOf(registry) : registry;
  return { contentType: exposed.contentType, text: await exposed.metrics() };
}

/** The metric objects as OpenMetrics sees them. prom-client renames counters in place for it, so it gets names of its own. */
function openMetricsOf(registry: Registry): Registry<OpenMetricsContentType> {
  const view = new Registry<OpenMetricsContentType>();
  view.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  for (const metric of registry.getMetricsAsArray()) {
    const named = {
      name: metric.name,
      type: metric.type,
      async get() {
        const values = await valuesOf(metric as unknown as Readable);
        return { ...values, name: values.type === 'counter' ? values.name.replace(/_total$/, '') : values.name };
      },
    };
    view.registerMetric(named as unknown as Metric);
  }
  return view;
}

interface Values {
  readonly name: string;
  readonly type: string;
}
interface Readable {
  get(): Promise<Values>;
  getForPromString?(): Promise<Values>;
}

const valuesOf = (metric: Readable): Promise<Values> => metric.getForPromString?.() ?? metric.get();
