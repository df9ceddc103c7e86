import { createReadStream } from 'node:fs';
import * as z from 'zod';
import { type ObjectRecord, type Objects, contentTypes, objectStates } from '../../account/objects';
import type { SignedAction, SignedAddresses } from '../../account/signedAddresses';
import { ApiError } from '../../http/apiError';
import { nameField, optional, parseBody, stringMap } from '../../http/bodies';
import type { Exchange } from '../../http/exchange';
import { choiceOf, listFields, metadataFilter, numberOf, pageBody } from '../../http/paging';
import { repeatKey } from '../../http/repeatKey';
import type { Router } from '../../http/router';

/** Below this path the bytes of objects are; no key is asked for there, the address itself is the permission. */
export const objectPath = '/local/objects/';

/** How long an address for an upload is good, and an address for a download unless the caller says, in seconds. */
const uploadSeconds = 24 * 3_600;
const downloadSeconds = 3_600;
/** The longest that can be asked for: a week, as the stores that sign such addresses have it. */
const longestSeconds = 7 * 24 * 3_600;

const createFields = z.object({
  name: nameField.min(1, 'An object needs a name'),
  content_type: z.enum(contentTypes),
  metadata: optional(stringMap),
  ttl_ms: optional(z.int().positive()),
});

/** Adds storage objects: what is known of them under `/v1`, their bytes under addresses that are signed. */
export function addObjectRoutes(router: Router, objects: Objects, addresses: SignedAddresses): void {
  const addressOf = (exchange: Exchange, action: SignedAction, id: string, seconds: number): string =>
    `${exchange.scheme}://${exchange.host}${objectPath}${id}?${addresses.sign(action, id, seconds)}`;

  router.add('POST', '/v1/objects', async ({ exchange }) => {
    const body = await exchange.readObject();
    const fields = parseBody(createFields, body);
    const notes = {
      name: fields.name,
      contentType: fields.content_type,
      metadata: fields.metadata ?? {},
      lifetime: fields.ttl_ms,
    };
    const object = objects.create(notes, repeatKey(exchange, body));
    exchange.sendJson(200, { ...objectView(object), upload_url: addressOf(exchange, 'PUT', object.id, uploadSeconds) });
  });

  router.add('GET', '/v1/objects', ({ exchange }) => {
    const { query } = exchange;
    const { name, ...fields } = listFields(query);
    const type = choiceOf(query, 'content_type', contentTypes);
    const metadata = metadataFilter(query);
    const where =
      type === undefined && metadata === undefined
        ? undefined
        : (record: ObjectRecord) => (type === undefined || record.contentType === type) && (metadata?.(record) ?? true);
    const page = objects.page({ ...fields, namePart: name, status: choiceOf(query, 'state', objectStates), where });
    exchange.sendJson(200, pageBody('objects', page, query, objectView));
  });

  router.add('GET', '/v1/objects/list_public', ({ exchange }) => {
    listFields(exchange.query);
    exchange.sendJson(200, pageBody('objects', { items: [], hasMore: false, total: 0 }, exchange.query, objectView));
  });

  router.add('GET', '/v1/objects/{id}', ({ exchange, params }) => {
    exchange.sendJson(200, objectView(objects.get(params.id)));
  });

  router.add('POST', '/v1/objects/{id}/complete', async ({ exchange, params }) => {
    exchange.sendJson(200, objectView(await objects.complete(params.id)));
  });

  router.add('GET', '/v1/objects/{id}/download', ({ exchange, params }) => {
    const seconds = numberOf(exchange.query, 'duration_seconds', {
      usual: downloadSeconds,
      least: 1,
      most: longestSeconds,
    });
    const { record } = objects.file(params.id);
    exchange.sendJson(200, { download_url: addressOf(exchange, 'GET', record.id, seconds) });
  });

  router.add('POST', '/v1/objects/{id}/delete', async ({ exchange, params }) => {
    exchange.sendJson(200, objectView(await objects.delete(params.id)));
  });

  const requireSigned = (exchange: Exchange, action: SignedAction, id: string): void => {
    if (!addresses.allows(action, id, exchange.query)) {
      throw new ApiError(
        403,
        'address_refused',
        'This address is not one that the local platform signed for this, or its time is over. Ask for a new one.',
        false,
      );
    }
  };

  router.add('PUT', `${objectPath}{id}`, async ({ exchange, params }) => {
    const id = params.id;
    requireSigned(exchange, 'PUT', id);
    await objects.upload(id, exchange.body, exchange.signal);
    exchange.sendNothing(200, { 'content-length': '0' });
  });

  router.add('GET', `${objectPath}{id}`, async ({ exchange, params }) => {
    const id = params.id;
    requireSigned(exchange, 'GET', id);
    const { file, size, record } = objects.file(id);
    await exchange.sendStream(createReadStream(file), size, {
      'content-type': record.contentType === 'text' ? 'text/plain; charset=utf-8' : 'application/octet-stream',
      'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(record.name)}`,
      // A browser must never run what somebody uploaded.
      'x-content-type-options': 'nosniff',
    });
  });
}

function objectView(object: ObjectRecord): Record<string, unknown> {
  return {
    id: object.id,
    name: object.name,
    content_type: object.contentType,
    create_time_ms: object.createdAt,
    delete_after_time_ms: object.deleteAfter ?? null,
    metadata: object.metadata,
    state: object.state,
    size_bytes: object.size ?? null,
  };
}
