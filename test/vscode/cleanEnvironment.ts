const foreign = /^(npm_|VSCODE_|ELECTRON_|INIT_CWD$|NODE_OPTIONS$|NODE_PATH$)/;

/**
 * This process's environment without what npm or an outer VS Code put there: a VS Code that inherits those believes to be
 * part of the outer one, and its terminals would behave like an npm script.
 * @param additions variables to set; `undefined` leaves a variable out
 */
export function cleanEnvironment(additions: Readonly<Record<string, string | undefined>> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  const merged = Object.entries({ ...Object.fromEntries(kept), ...additions });
  return Object.fromEntries(merged.filter(([, value]) => value !== undefined));
}
