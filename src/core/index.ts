/* What the core offers to the extension, to other extensions and to plain Node programs. */
export { ActionExecutionClient, type RunOptions } from './actionServer/actionExecutionClient';
export { type ActionServer } from './actionServer/actionServerHttp';
export type { Action, ActionArguments } from './actionServer/actions';
export { EventStream, type StreamEvent } from './actionServer/eventStream';
export { diagnose, diagnosisMarkdown, gatherEvidence, type Diagnosis, type Evidence } from './diagnosis';
export { RuntimeError, messageOf, type RuntimeErrorCode } from './errors';
export { Emitter, type Disposable } from './events';
export { followDevbox } from './logs/followDevbox';
export type { McpServers, RemoteServer, StdioServer } from './actionServer/mcp/mcpServers';
export {
  isRunObservation,
  observationIs,
  type KnownObservations,
  type Observation,
  type RunObservation,
} from './actionServer/observation';
export { optionsFromConfigToml } from './options/configToml';
export { optionsFromEnvironment } from './options/optionsFromEnvironment';
export { oneLine, stripControls } from './safeText';
export { defaultBaseUrl, parseApiKey, parseBaseUrl } from './platform/client';
export { hasEnded, isActive, type Devbox } from './platform/devbox';
export type { LogEntry } from './platform/logEntry';
export { RunloopApi } from './platform/runloopApi';
export type { ProblemId } from './problems/all';
export { phraseText, problemText, type Param, type Problem } from './problems/problem';
export { redact } from './redact';
export { RunloopRuntime } from './runtime/runloopRuntime';
export { type RuntimeConfig } from './options/runtimeConfig';
export { longestKeepAliveSeconds } from './start/endRule';
export {
  type CloseMode,
  type IdlePolicy,
  type RunloopRuntimeOptions,
  type SessionKeyStore,
} from './options/runtimeOptions';
export { containerNameKey } from './platform/devbox';
export { longestName, nameProblem } from './start/startChoices';
export type { RuntimeState } from './runtime/runtimeState';
export type { ConnectPhase, RuntimeEvent } from './runtime/runtimeStatus';
export type { RuntimeStatus } from './actionServer/eventStream';
