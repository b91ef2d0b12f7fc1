export { keepAdaptation } from './keep-adaptation.ts';
export { type KeptPack, keepPack, keptPackMigration, type PackKeeper } from './keep-pack.ts';
export { openStage, type Stage, type StageOptions } from './open-stage.ts';
