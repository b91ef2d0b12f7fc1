import { call, get, post } from './api.js';
import { showApprovals } from './approvals.js';
import { byId } from './dom.js';
import { showIncidents } from './incidents.js';
import { showState } from './stages.js';

const refreshMs = 5000;
const gatherMs = 150;

/** Draws everything again; what cannot be read now says so and is tried again. */
async function refresh() {
  const drawn = await Promise.allSettled([showState(), showIncidents(), showApprovals()]);
  const failed = drawn.find(({ status }) => status === 'rejected');
  if (failed?.reason.status === 401) return askForKey();
  if (failed) byId('mode').textContent = `cannot read everything: ${failed.reason.message}`;
}

function follow() {
  let timer;
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(refresh, gatherMs);
  };
  const events = new EventSource('/api/orchestrator/events');
  events.addEventListener('timeline', soon);
  setInterval(refresh, refreshMs);
}

function askForKey() {
  byId('sign-in').hidden = false;
  byId('loop').hidden = true;
  byId('mode').textContent = 'sign in to see the loop';
}

async function begin() {
  try {
    const { name } = await get('/session');
    byId('sign-in').hidden = true;
    byId('loop').hidden = false;
    byId('sign-out').hidden = name === 'local';
    await refresh();
    follow();
  } catch (error) {
    if (error.status === 401) askForKey();
    else byId('mode').textContent = error.message;
  }
}

byId('sign-in').addEventListener('submit', async (event) => {
  event.preventDefault();
  try {
    await post('/session', { key: byId('key').value });
    await begin();
  } catch (error) {
    byId('sign-in-error').textContent = error.message;
  }
});
byId('sign-out').addEventListener('click', async () => {
  await call('DELETE', '/session');
  location.reload();
});

await begin();
