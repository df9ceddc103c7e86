/* What the core offers to the extension, to other extensions and to plain Node programs. */
export { ActionExecutionClient, type RunOptions } from './actionExecutionClient';
export { RuntimeError, messageOf, type RuntimeErrorCode } from './errors';
export { Emitter, type Disposable } from './events';
export { followDevbox } from './logs/followDevbox';
export type { Observation, RunObservation } from './observation';
export { oneLine, stripControls } from './plainText';
export { defaultBaseUrl, parseApiKey, parseBaseUrl } from './platform/client';
export { hasEnded, isActive, type Devbox } from './platform/devbox';
export { RunloopApi, type LogEntry } from './platform/runloopApi';
export { redact } from './redact';
export { RunloopRuntime } from './runloopRuntime';
export {
  containerNameKey,
  longestKeepAliveSeconds,
  longestName,
  nameProblem,
  optionsFromEnvironment,
  type RunloopRuntimeOptions,
  type SessionKeyStore,
} from './runtimeConfig';
export type { ConnectPhase, RuntimeEvent, RuntimeStatus } from './runtimeStatus';
