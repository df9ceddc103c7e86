import { type DevboxRecord, statusOf } from '../../devbox/devboxRecord';
import type { DevboxRegistry } from '../../devbox/devboxRegistry';
import type { Eviction } from '../../devbox/lifeCycle/evictions';
import { addMetadataRoutes } from '../account/metadataRoutes';
import type { Router } from '../../http/router';

/** Adds what can be told about devboxes: usage, metadata in use, evictions. Add it before the `{id}` routes. */
export function addDevboxFactsRoutes(router: Router, devboxes: DevboxRegistry): void {
  router.add('GET', '/v1/devboxes/{id}/usage', ({ exchange, params }) => {
    exchange.sendJson(200, usageView(devboxes.get(params.id).record, Date.now()));
  });

  addMetadataRoutes(router, '/v1/devboxes', () => devboxes.page({ limit: Number.MAX_SAFE_INTEGER }).items);

  router.add('GET', '/v1/devboxes/evictions/watch', ({ exchange }) =>
    exchange.sendEvents(evictionViews(devboxes.evictions.watch(exchange.signal))),
  );
}

async function* evictionViews(evictions: AsyncIterable<Eviction>): AsyncGenerator<Record<string, unknown>> {
  for await (const { devboxId, deadline } of evictions) {
    yield { devbox_id: devboxId, eviction_deadline_ms: deadline };
  }
}

function usageView(devbox: DevboxRecord, now: number): Record<string, unknown> {
  const end = devbox.endedAt ?? now;
  const total = (end - devbox.createdAt) / 1_000;
  const active = total - suspendedSeconds(devbox, end);
  const gibibytes = (bytes: number): number => bytes / 2 ** 30;
  return {
    id: devbox.id,
    status: statusOf(devbox),
    start_time_ms: devbox.createdAt,
    end_time_ms: devbox.endedAt ?? null,
    total_elapsed_seconds: Math.round(total),
    total_active_seconds: Math.round(active),
    vcpu_seconds: Math.round(active * devbox.spec.limits.cores),
    memory_gb_seconds: Math.round(active * gibibytes(devbox.spec.limits.memory)),
    disk_gb_seconds: Math.round(total * gibibytes(devbox.spec.limits.disk)),
  };
}

function suspendedSeconds(devbox: DevboxRecord, end: number): number {
  let sum = 0;
  devbox.transitions.forEach((step, index) => {
    if (step.status === 'suspended') {
      sum += (devbox.transitions[index + 1]?.time ?? end) - step.time;
    }
  });
  return sum / 1_000;
}
