/*
 * Uploads belong to the server's user, and are readable by everybody. What is meant for the shell's user therefore goes
 * into a folder that only they can enter, and they take it over from there.
 */

/** The runtime's own folder in a devbox, as a shell word. */
export const runtimeFolder = '"$HOME"/.openhands-runtime';

/** Makes the folders that only the shell's user can enter, and prints where uploads go. */
export const prepareIncoming = `mkdir -p -m 700 ${runtimeFolder} ${runtimeFolder}/environment ${runtimeFolder}/incoming && printf '%s\\n' ${runtimeFolder}/incoming`;
