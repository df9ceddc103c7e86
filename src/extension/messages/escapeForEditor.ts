/**
 * Text from outside for the places of the editor that make links and icons of what they are given: notifications and
 * their progress, pickers, the status bar. A devbox may be named `[Renew](command:…)`, and a click on that would run it.
 */
export function escapeForEditor(text: string): string {
  return text.replaceAll('](', '] (').replaceAll('$(', '$ (');
}
