import * as z from 'zod';
import type { SecretRecord, Secrets } from '../../account/secrets';
import { nameField, parseBody } from '../../http/bodies';
import { listFields, pageBody } from '../../http/paging';
import { repeatKey } from '../../http/repeatKey';
import type { Router } from '../../http/router';

/** The longest value, in characters. */
const longestValue = 128 * 1024;

const valueField = z
  .string()
  .max(longestValue, 'A secret may have up to 131,072 characters')
  .refine((value) => !value.includes('\0'), 'A secret must not contain a NUL character');
// Runloop's documentation speaks of names like those of environment variables; its own examples have others.
const createFields = z.object({ name: nameField.min(1, 'A secret needs a name'), value: valueField });
const updateFields = z.object({ value: valueField });

/** Adds the account's secrets, which are addressed by name or id and whose values never come back. */
export function addSecretRoutes(router: Router, secrets: Secrets): void {
  router.add('GET', '/v1/secrets', ({ exchange }) => {
    exchange.sendJson(200, pageBody('secrets', secrets.page(listFields(exchange.query)), exchange.query, secretView));
  });

  router.add('POST', '/v1/secrets', async ({ exchange }) => {
    const body = await exchange.readObject();
    const { name, value } = parseBody(createFields, body);
    exchange.sendJson(200, secretView(secrets.create(name, value, repeatKey(exchange, body))));
  });

  router.add('GET', '/v1/secrets/{name}', ({ exchange, params }) => {
    exchange.sendJson(200, secretView(secrets.get(params.name)));
  });

  router.add('POST', '/v1/secrets/{name}', async ({ exchange, params }) => {
    const { value } = parseBody(updateFields, await exchange.readObject());
    exchange.sendJson(200, secretView(secrets.update(secrets.get(params.name), value)));
  });

  router.add('POST', '/v1/secrets/{name}/delete', ({ exchange, params }) => {
    exchange.sendJson(200, secretView(secrets.delete(secrets.get(params.name))));
  });

  // A name may be given to another secret later on; an id says exactly which one is meant.
  router.add('GET', '/v1/secrets/id/{id}', ({ exchange, params }) => {
    exchange.sendJson(200, secretView(secrets.getById(params.id)));
  });

  router.add('POST', '/v1/secrets/id/{id}/update', async ({ exchange, params }) => {
    const { value } = parseBody(updateFields, await exchange.readObject());
    exchange.sendJson(200, secretView(secrets.update(secrets.getById(params.id), value)));
  });

  router.add('POST', '/v1/secrets/id/{id}/delete', ({ exchange, params }) => {
    exchange.sendJson(200, secretView(secrets.delete(secrets.getById(params.id))));
  });
}

function secretView(secret: SecretRecord): Record<string, unknown> {
  return { id: secret.id, name: secret.name, create_time_ms: secret.createdAt, update_time_ms: secret.updatedAt };
}
