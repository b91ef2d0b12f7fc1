import type { Strategy } from '@charter/shared/contracts';

/** A piece of a runbook or of the pack that can be found, shown and cited. */
export interface Passage {
  readonly id: string;
  /** Where it is from: a file of the runbooks, or a strategy of the pack. */
  readonly source: string;
  readonly title: string;
  readonly body: string;
  /** The strategy it describes; null for runbooks. */
  readonly strategy: string | null;
}

const longest = 4_000;

/** A runbook page by its headings; each passage keeps the page's title, so that it is found by it. */
export function passagesOfPage(file: string, markdown: string): Passage[] {
  const page = /^#\s+(.+)$/m.exec(markdown)?.[1]?.trim() ?? file;
  const sections = markdown.split(/^(?=##?\s)/m).map((section) => section.trim());
  return sections.flatMap((section, index): Passage[] => {
    const heading = /^##?\s+(.+)$/m.exec(section)?.[1]?.trim() ?? page;
    const body = section.replace(/^##?\s+.+$/m, '').trim();
    if (body === '') return [];
    const title = heading === page ? page : `${page}: ${heading}`;
    return [{ id: `${file}#${String(index)}`, source: file, title, body: body.slice(0, longest), strategy: null }];
  });
}

/** What the pack says of a strategy: what it is for and what it does. */
export function passageOfStrategy({ metadata, match, actions, expected }: Strategy): Passage {
  const { name, description } = metadata;
  const causes = [...(match.metrics ?? []), ...(match.rules ?? []), ...(match.patterns ?? [])];
  const where = [...(match.classes ?? []), ...(match.components ?? [])];
  return {
    id: `strategy/${name}`,
    source: `strategy ${name}`,
    title: [name, ...causes].join(' '),
    body: [
      description ?? name,
      `Against ${causes.join(', ') || 'any cause'}${where.length > 0 ? ` of ${where.join(', ')}` : ''}`,
      `${actions.map(({ action, target }) => `${action}${target ? ` of ${target}` : ''}`).join(', then ')}.`,
      `Expected to help in ${String(Math.round(expected.success * 100))} % of cases.`,
    ]
      .join('. ')
      .slice(0, longest),
    strategy: name,
  };
}
