/*
 * Uploads belong to the server's user, and are readable by everybody. What is meant for the shell's user therefore goes
 * into a folder that only they can enter, and they take it over from there.
 */

/** The runtime's own folder in a devbox, as a shell word. */
export const runtimeFolder = '"$HOME"/.openhands-runtime';

/** Makes the folders that only the shell's user can enter, and prints where uploads go. */
const prepare = `mkdir -p -m 700 ${runtimeFolder} ${runtimeFolder}/environment ${runtimeFolder}/incoming && printf '%s\\n' ${runtimeFolder}/incoming`;

/** Asked again so often: on a busy computer, OpenHands' server may answer with a screen that it has read too early. */
const tries = 3;

/**
 * The folder for what is meant for the shell's user, made if it is missing.
 *
 * @param run runs a command in the shell, and gives what it printed
 * @returns undefined if the shell does not tell where its home is
 */
export async function incomingFolder(run: (command: string) => Promise<string>): Promise<string | undefined> {
  for (let tried = 0; tried < tries; tried += 1) {
    const printed = await run(prepare);
    if (printed.startsWith('/')) return printed;
  }
  return undefined;
}
