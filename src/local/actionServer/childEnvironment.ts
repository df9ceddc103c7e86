/** Names that configure this server and are nobody else's business. */
const ownNames = /^(SESSION_API_KEY$|RUNLOOP_LOCAL_)/;

/**
 * The environment for processes that this server starts: the server's own, without its key and its own settings.
 *
 * @param environment the server's environment
 * @param additions variables to add or replace
 */
export function childEnvironment(
  environment: NodeJS.ProcessEnv,
  additions: Record<string, string> = {},
): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && !ownNames.test(name)) kept[name] = value;
  }
  return { ...kept, ...additions };
}
