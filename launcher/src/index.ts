export { demoFault, type Heal, healInFrontOfYou } from './demo.ts';
export { activateDemoPack, demoPackFor } from './demo-pack.ts';
export { type StreamedEntry, timelineOf } from './event-stream.ts';
export { type Installation, type InstallationOptions, startInstallation } from './installation.ts';
export { type StartOptions, startOptionsFrom } from './options.ts';
export { alertmanagerConfig, prometheusConfig } from './server-configs.ts';
export { callService } from './service-api.ts';
export { portFor, type ServiceName, serviceNames, urlFor } from './services.ts';
export { install, present } from './start.ts';
