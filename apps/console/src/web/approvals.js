import { get, post } from './api.js';
import { ago, byId, make } from './dom.js';

/** Draws what waits for a person, with the two answers. */
export async function showApprovals() {
  const { items } = await get('/api/charter/approvals?limit=50');
  const waiting = items.filter(({ status }) => status === 'pending');
  byId('approvals-section').hidden = waiting.length === 0;
  byId('approvals').replaceChildren(...waiting.map(itemFor));
}

function itemFor({ id, title, explanation, createdAt, votes, quorum }) {
  const answer = (verb) => async () => {
    try {
      await post(`/api/charter/approvals/${id}/${verb}`);
      await showApprovals();
    } catch (error) {
      note.textContent = error.message;
    }
  };
  const note = make('small', { text: `asked ${ago(createdAt)}, ${votes.length} of ${quorum} votes` });
  return make('li', {
    children: [
      make('p', {
        children: [make('strong', { text: title }), make('br'), make('span', { text: explanation }), make('br'), note],
      }),
      make('button', { type: 'button', text: 'Approve', on: { click: answer('approve') } }),
      make('button', { type: 'button', class: 'danger', text: 'Reject', on: { click: answer('reject') } }),
    ],
  });
}
