/**
 * Where namespaces are forbidden, a devbox's own folders are ordinary folders of the host. This puts the devbox's folder
 * in front of `/workspace`, `/openhands` and `/home/user` where a word of a shell command starts with one of them.
 */
export function translatePaths(command: string, root: string): string {
  return command.replace(/(?<![\w./~)}*?-])\/(?=(?:workspace|openhands|home\/user)(?:$|[^\w.-]))/g, () => `${root}/`);
}

/** True if a folder name can stand anywhere in a shell command without quoting. */
export function isPlainPath(path: string): boolean {
  return /^[\w./@-]+$/.test(path);
}
