import { type Governing, judge } from '@charter/app-charter/judge';
import type { CharterClient } from '@charter/shared/charter-client';
import { policies } from './demo-pack.ts';

/** `npm start` opens the way for its own demo target: automation may go as far as the policies of its pack say. */
const governing: Governing = {
  policyVersion: 'demo',
  snapshot: policies,
  windows: [],
  overrides: [],
  grants: [{ policy: '*', action: '*', targetClass: '*', mode: 'auto', maximum: 'auto' }],
};

/** The charter's judgement on the demo pack, without its records. */
export const charterAt = (now: () => Date, newId: () => string): Pick<CharterClient, 'decide'> => ({
  async decide(request) {
    const { effect, reasons, obligations, automation } = judge(governing, request, now().getTime());
    return {
      effect,
      obligations,
      automation,
      reasons: [...reasons],
      policyVersion: governing.policyVersion,
      decisionId: newId(),
      decidedAt: now().toISOString(),
    };
  },
});
