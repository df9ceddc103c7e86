import * as z from 'zod';
import type { SnapshotNotes, SnapshotRecord, Snapshots } from '../../account/snapshots';
import type { DevboxRegistry } from '../../devbox/devboxRegistry';
import { ApiError } from '../../http/apiError';
import { nameField, optional, parseBody, stringMap } from '../../http/bodies';
import { addMetadataRoutes } from './metadataRoutes';
import { listFields, metadataFilter, pageBody } from '../../http/paging';
import { repeatKey } from '../../http/repeatKey';
import type { Call, Router } from '../../http/router';

const noteFields = z.object({
  name: optional(nameField),
  commit_message: optional(z.string().max(1_000, 'A commit message may have up to 1,000 characters')),
  metadata: optional(stringMap),
});

/** Adds disk snapshots. Add it before the `{id}` routes of devboxes. */
export function addSnapshotRoutes(router: Router, devboxes: DevboxRegistry, snapshots: Snapshots): void {
  const begin = async ({ exchange, params }: Call<'id'>): Promise<SnapshotRecord> => {
    const body = await exchange.readObject();
    return snapshots.begin(devboxes.get(params.id), notesOf(body), repeatKey(exchange, body));
  };

  router.add('POST', '/v1/devboxes/{id}/snapshot_disk', async (call) => {
    const snapshot = await snapshots.finished((await begin(call)).id);
    if (snapshot.status === 'error') {
      throw new ApiError(500, 'snapshot_failed', `The snapshot failed: ${snapshot.error ?? 'unknown reason'}`, false);
    }
    call.exchange.sendJson(200, snapshotView(snapshot));
  });

  router.add('POST', '/v1/devboxes/{id}/snapshot_disk_async', async (call) => {
    call.exchange.sendJson(200, snapshotView(await begin(call)));
  });

  router.add('GET', '/v1/devboxes/disk_snapshots', ({ exchange }) => {
    const devbox = exchange.query.get('devbox_id');
    const blueprint = exchange.query.get('source_blueprint_id');
    const metadata = metadataFilter(exchange.query);
    const where = (record: SnapshotRecord): boolean =>
      (devbox === null || record.devboxId === devbox) &&
      (blueprint === null || record.blueprintId === blueprint) &&
      (metadata?.(record) ?? true);
    exchange.sendJson(
      200,
      pageBody('snapshots', snapshots.page({ ...listFields(exchange.query), where }), exchange.query, snapshotView),
    );
  });

  router.add('GET', '/v1/devboxes/disk_snapshots/list_public', ({ exchange }) => {
    exchange.sendJson(
      200,
      pageBody('snapshots', { items: [], hasMore: false, total: 0 }, exchange.query, snapshotView),
    );
  });

  addMetadataRoutes(
    router,
    '/v1/devboxes/disk_snapshots',
    () => snapshots.page({ limit: Number.MAX_SAFE_INTEGER }).items,
  );

  router.add('GET', '/v1/devboxes/disk_snapshots/{id}/status', ({ exchange, params }) => {
    const snapshot = snapshots.get(params.id);
    exchange.sendJson(200, {
      status: snapshot.status,
      error_message: snapshot.error ?? null,
      snapshot: snapshot.status === 'complete' ? snapshotView(snapshot) : null,
    });
  });

  router.add('POST', '/v1/devboxes/disk_snapshots/{id}', async ({ exchange, params }) => {
    exchange.sendJson(200, snapshotView(snapshots.update(params.id, notesOf(await exchange.readObject()))));
  });

  router.add('POST', '/v1/devboxes/disk_snapshots/{id}/delete', async ({ exchange, params }) => {
    await snapshots.delete(params.id);
    exchange.sendJson(200, {});
  });
}

function notesOf(body: unknown): SnapshotNotes {
  const { name, commit_message: commitMessage, metadata } = parseBody(noteFields, body);
  return { name, commitMessage, metadata };
}

function snapshotView(snapshot: SnapshotRecord): Record<string, unknown> {
  return {
    id: snapshot.id,
    create_time_ms: snapshot.createdAt,
    metadata: snapshot.metadata,
    source_devbox_id: snapshot.devboxId,
    source_blueprint_id: snapshot.blueprintId ?? null,
    name: snapshot.name ?? null,
    commit_message: snapshot.commitMessage ?? null,
    size_bytes: snapshot.size ?? null,
  };
}
