import { get, post } from './api.js';
import { ago, byId, make } from './dom.js';

const stages = {
  monitor: 'sees violations',
  analyze: 'finds the cause',
  plan: 'weighs remedies',
  charter: 'allows or denies',
  execute: 'acts and verifies',
  knowledge: 'learns',
  orchestrator: 'watches and times',
};
const litMs = 4000;

/** Draws the stages with when each last spoke, and whether the loop is paused. */
export async function showState() {
  const [state, lastDecision] = await Promise.all([get('/api/orchestrator/state'), latestDecision()]);
  const spoke = { ...state.stages, orchestrator: state.lastCycle?.requestedAt, charter: lastDecision };
  const mode = byId('mode');
  mode.dataset.paused = String(state.paused);
  mode.textContent = state.paused
    ? 'paused: nothing acts'
    : `observing every ${state.cycleIntervalSeconds} s, last cycle ${state.lastCycle ? ago(state.lastCycle.requestedAt) : 'not yet'}`;
  const pause = byId('pause');
  pause.hidden = false;
  pause.textContent = state.paused ? 'Resume' : 'Pause';
  pause.onclick = async () => {
    await post(`/api/orchestrator/${state.paused ? 'resume' : 'pause'}`, { reason: 'from the console' });
    await showState();
  };
  byId('stages').replaceChildren(
    ...Object.entries(stages).map(([name, does]) => {
      const last = spoke[name];
      const lit = last !== undefined && Date.now() - Date.parse(last) < litMs;
      return make('li', {
        class: lit ? 'lit' : '',
        children: [
          make('strong', { text: name }),
          make('small', { text: does }),
          make('small', { text: last ? ago(last) : 'nothing yet' }),
        ],
      });
    }),
  );
}

/** The charter speaks by deciding; it adds no line of its own to an incident's story. */
async function latestDecision() {
  const { items } = await get('/api/charter/decisions?limit=1');
  return items[0]?.decision.decidedAt;
}
