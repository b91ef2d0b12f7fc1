import { get } from './api.js';
import { ago, byId, make } from './dom.js';

const most = 50;
let chosen = null;

const tones = { resolved: 'good', merged: 'good', watching: 'bad' };
const toneOf = ({ state, escalatedAt }) => (escalatedAt && state !== 'resolved' ? 'bad' : (tones[state] ?? 'busy'));

/** Draws the list of incidents, newest first, and the timeline of the chosen one. */
export async function showIncidents() {
  const { items } = await get(`/api/orchestrator/incidents?limit=${most}`);
  byId('no-incidents').hidden = items.length > 0;
  byId('incidents').replaceChildren(
    ...items.map((incident) =>
      make('li', {
        children: [
          make('button', {
            type: 'button',
            'data-tone': toneOf(incident),
            'aria-current': String(incident.id === chosen),
            on: { click: () => choose(incident.id) },
            children: [
              make('strong', { text: `${incident.component} · ${incident.state}` }),
              make('small', { text: incident.summary }),
              make('small', { text: `${incident.severity}, opened ${ago(incident.openedAt)}` }),
            ],
          }),
        ],
      }),
    ),
  );
  chosen ??= items[0]?.id ?? null;
  if (chosen !== null) await showTimeline();
}

async function choose(id) {
  chosen = id;
  await showIncidents();
}

async function showTimeline() {
  const incident = await get(`/api/orchestrator/incidents/${chosen}`);
  byId('timeline-hint').hidden = true;
  const cause = incident.rootCause;
  const facts = {
    Component: incident.component,
    State: incident.state,
    'Root cause': cause
      ? `${cause.metric} of ${cause.component} (${Math.round(cause.confidence * 100)} %)`
      : 'not found yet',
    Strategy: incident.strategy ?? '–',
    Outcome: incident.outcome ?? '–',
    Incident: incident.id,
  };
  byId('facts').replaceChildren(
    ...Object.entries(facts).map(([name, value]) =>
      make('div', { children: [make('dt', { text: name }), make('dd', { text: value })] }),
    ),
  );
  const start = Date.parse(incident.openedAt);
  byId('timeline').replaceChildren(
    ...incident.timeline.map((entry) =>
      make('li', {
        children: [
          make('time', {
            datetime: entry.at,
            title: entry.at,
            text: `+${((Date.parse(entry.at) - start) / 1000).toFixed(1)} s`,
          }),
          make('span', { class: 'stage', text: entry.stage }),
          make('span', { text: entry.text }),
        ],
      }),
    ),
  );
}
