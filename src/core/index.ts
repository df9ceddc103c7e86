/* What the core offers to the extension, to other extensions and to plain Node programs. */
export { ActionExecutionClient, type ActionServer, type RunOptions } from './actionExecutionClient';
export type { Action, ActionArguments } from './actions/actions';
export { EventStream, type StreamEvent } from './actions/eventStream';
export { diagnose, diagnosisMarkdown, gatherEvidence, type Diagnosis, type Evidence } from './diagnosis';
export { RuntimeError, messageOf, type RuntimeErrorCode } from './errors';
export { Emitter, type Disposable } from './events';
export { followDevbox } from './logs/followDevbox';
export type { McpServers, RemoteServer, StdioServer } from './mcp/mcpServers';
export {
  isRunObservation,
  observationIs,
  type KnownObservations,
  type Observation,
  type RunObservation,
} from './observation';
export { optionsFromConfigToml } from './configToml';
export { optionsFromEnvironment } from './optionsFromEnvironment';
export { oneLine, stripControls } from './plainText';
export { defaultBaseUrl, parseApiKey, parseBaseUrl } from './platform/client';
export { hasEnded, isActive, type Devbox } from './platform/devbox';
export type { LogEntry } from './platform/logEntry';
export { RunloopApi } from './platform/runloopApi';
export { redact } from './redact';
export { RunloopRuntime } from './runloopRuntime';
export {
  containerNameKey,
  longestKeepAliveSeconds,
  longestName,
  nameProblem,
  type CloseMode,
  type IdlePolicy,
  type RunloopRuntimeOptions,
  type RuntimeConfig,
  type SessionKeyStore,
} from './runtimeConfig';
export type { RuntimeState } from './runtimeState';
export type { ConnectPhase, RuntimeEvent, RuntimeStatus } from './runtimeStatus';
