import * as z from 'zod';
import type { BuiltBlueprint } from '../../account/build/blueprintBuild';
import type { Blueprint } from '../../devbox/blueprints';
import { type UserRequest, largestUid, userName, usualUser } from '../../sandbox/users';
import { badRequest } from '../../http/apiError';

/** `user_parameters` of launch parameters. */
export const userFields = z
  .object({
    username: z.string().regex(userName, "Use lower-case letters, digits, _ and - for a user's name"),
    uid: z.int().nonnegative().max(largestUid, `The numbers of users end at ${largestUid} here`),
  })
  .partial();

/**
 * The user that `user_parameters` ask for; undefined if they ask for none.
 * @throws ApiError 400 for one that contradicts itself
 */
export function readUser({ username, uid }: z.infer<typeof userFields> = {}): UserRequest | undefined {
  if (username === undefined && uid === undefined) {
    return undefined;
  }
  if (username === 'root' && (uid ?? 0) !== 0) {
    throw badRequest(`The user root has the number 0, not ${uid ?? 0}.`);
  }
  const name = username ?? (uid === 0 ? 'root' : usualUser.name);
  return { name, uid: name === 'root' ? 0 : (uid ?? (name === usualUser.name ? usualUser.uid : undefined)) };
}

/** The user that a blueprint's Dockerfile ended with. */
export function builtUser(blueprint: BuiltBlueprint | Blueprint | undefined): UserRequest | undefined {
  return blueprint !== undefined && 'parameters' in blueprint ? blueprint.user : undefined;
}
