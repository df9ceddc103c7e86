import type { Blueprint } from '../devbox/blueprints';
import { type DevboxRecord, statusOf } from '../devbox/devboxRecord';
import type { Tunnel } from '../devbox/tunnel';

/** A devbox as the API shows it. */
export function devboxView(devbox: DevboxRecord): Record<string, unknown> {
  return {
    id: devbox.id,
    status: statusOf(devbox),
    name: devbox.name ?? null,
    create_time_ms: devbox.createdAt,
    end_time_ms: devbox.endedAt ?? null,
    metadata: devbox.metadata,
    launch_parameters: devbox.spec.launchParameters,
    capabilities: [],
    state_transitions: devbox.transitions.map((step) => ({
      status: step.status,
      transition_time_ms: step.time,
      ...(step.failureReason === undefined ? {} : { failure_reason: step.failureReason }),
    })),
    blueprint_id: devbox.spec.blueprint?.id ?? null,
    snapshot_id: devbox.spec.snapshotId ?? null,
    failure_reason: devbox.failureReason ?? null,
    shutdown_reason: devbox.shutdownReason ?? null,
    initiator_type: 'api',
    tunnel: devbox.tunnel === undefined ? null : tunnelView(devbox.tunnel),
  };
}

/** A tunnel as the API shows it. */
export function tunnelView(tunnel: Tunnel): Record<string, unknown> {
  return {
    tunnel_key: tunnel.key,
    auth_mode: tunnel.authMode,
    ...(tunnel.token === undefined ? {} : { auth_token: tunnel.token }),
    create_time_ms: tunnel.createdAt,
    http_keep_alive: tunnel.httpKeepAlive,
    wake_on_http: tunnel.wakeOnHttp,
  };
}

/** A blueprint as the API shows it. */
export function blueprintView(blueprint: Blueprint): Record<string, unknown> {
  return {
    id: blueprint.id,
    name: blueprint.name,
    status: 'build_complete',
    state: 'created',
    create_time_ms: blueprint.createdAt,
    build_finish_time_ms: blueprint.createdAt,
    is_public: true,
    parameters: { name: blueprint.name },
  };
}
