/** Where entries of a devbox's log come from. */
export const logSources = ['setup_commands', 'entrypoint', 'exec', 'files', 'stats', 'kmsg'] as const;

/** Where an entry of a devbox's log comes from. */
export type LogSource = (typeof logSources)[number];
