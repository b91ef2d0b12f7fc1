export {
  type ActivePackAnswer,
  type ApprovalEdit,
  type CharterClient,
  createCharterClient,
  denyWhenSilent,
  type Vote,
} from './client.ts';
export { type FollowedPack, type FollowPackOptions, followPack, type PackLog } from './follow-pack.ts';
export { type PackParts, type ParsedPack, parsePackDocuments } from './pack.ts';
export type { CallOptions, CharterConnection } from './request.ts';
export { openSnapshot, PolicySnapshot, SignedSnapshot } from './snapshot.ts';
