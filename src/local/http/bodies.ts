import * as z from 'zod';
import { badRequest } from './apiError';

/**
 * Reads a request body of a known shape; fields it does not know are ignored.
 * @param within the field that the body is the value of, if it is not the whole body
 * @throws ApiError 400 that names the field
 */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown, within?: string): T {
  const result = schema.safeParse(body);
  if (result.success) {
    return result.data;
  }
  const [issue] = result.error.issues;
  const field = [...(within === undefined ? [] : [within]), ...(issue?.path ?? [])].join('.');
  throw badRequest(
    `The field ${field === '' ? '(body)' : field} is not acceptable: ${issue?.message ?? 'unknown reason'}.`,
  );
}

/** A field that may be left out; `null` means the same. */
export function optional<T extends z.ZodType>(field: T): z.ZodType<z.output<T> | undefined> {
  return field.nullish().transform((value) => value ?? undefined);
}

/** The longest name, in characters. */
export const nameField = z.string().max(1_000, 'A name may have up to 1,000 characters');

/** A map from strings to strings. */
export const stringMap = z.record(z.string(), z.string());

/** What may be said about a tunnel. */
export const tunnelFields = z.object({
  auth_mode: optional(z.enum(['open', 'authenticated'])),
  http_keep_alive: optional(z.boolean()),
  wake_on_http: optional(z.boolean()),
});
