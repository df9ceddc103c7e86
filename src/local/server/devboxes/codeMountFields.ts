import * as z from 'zod';
import type { CodeMount } from '../../devbox/spec';
import { optional } from '../../http/bodies';

/** What may be said about a repository that is to be cloned. */
export const codeFields = z.looseObject({
  repo_owner: z.string().regex(/^[\w.-]+$/, 'An owner has letters, digits and . _ - only'),
  repo_name: z.string().regex(/^(?!\.{1,2}$)[\w.-]+$/, 'A repository has letters, digits and . _ - only'),
  token: optional(z.string().regex(/^[\x21-\x7e]+$/, 'A token has printable characters without blanks only')),
  git_ref: optional(z.string().regex(/^[^-\0][^\0]*$/, 'A reference does not begin with -')),
  install_command: optional(z.string()),
});

/** A code mount as the API says it, as devboxes and builds know it. */
export function codeMountOf(mount: z.infer<typeof codeFields>): CodeMount {
  return {
    owner: mount.repo_owner,
    name: mount.repo_name,
    token: mount.token,
    ref: mount.git_ref,
    installCommand: mount.install_command,
  };
}
