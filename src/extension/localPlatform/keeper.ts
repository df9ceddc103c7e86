import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { deadline } from '../../ground/deadline';
import { messageOf } from '../../core/errors';
import { asArray, asObject, asString, parseJson } from '../../core/parse';
import { countWindows, platformLogFile, processStart, readyWord, removeRunning, writeRunning } from './keeperState';

/*
 * The keeper: a small process of its own between the windows and the local platform, because a window's extension host
 * ends with each reload, and the devboxes must not. It starts the platform, which ends with the keeper however that
 * ends; and it ends the platform once no window uses it and no devbox is left.
 *
 * Arguments: the platform's program, the folder of keeperState.ts, the name of its key for those who join, then arguments
 * for the platform. The key comes in RUNLOOP_LOCAL_API_KEY.
 */

/** Milliseconds between looks for windows. */
const lookMs = 2_000;
/** Milliseconds that one question to the platform may take. */
const askMs = 10_000;
/** Characters of what a platform said that did not start. */
const outputTailLength = 2_000;
/** Looks in a row without an answer after which the platform counts as broken. */
const brokenAfter = 5;

async function main(): Promise<number> {
  const [program, folder, keyName, ...platformArguments] = process.argv.slice(2);
  const apiKey = process.env['RUNLOOP_LOCAL_API_KEY'];
  if (program === undefined || folder === undefined || keyName === undefined || apiKey === undefined) return 2;
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort());
  // The window that listened may be gone; that is no reason to end.
  process.stdout.on('error', () => undefined);

  const log = openSync(platformLogFile(folder), 'w', 0o600);
  const platform = spawn(process.execPath, [program, ...platformArguments, '--exit-with-parent'], {
    env: process.env,
    stdio: ['pipe', 'pipe', log],
  });
  closeSync(log);
  const ended = once(platform, 'close');
  // A platform that cannot be started has no process to wait for.
  await once(platform, 'spawn');
  const { stdin } = platform;
  stdin?.on('error', () => undefined);
  try {
    const baseUrl = await Promise.race([firstAddress(platform), ended.then(() => undefined)]);
    if (baseUrl === undefined) {
      // Whoever started it wants to know why.
      process.stderr.write((await readFile(platformLogFile(folder), 'utf8')).slice(-outputTailLength));
      return 1;
    }
    await writeRunning(folder, {
      pid: process.pid,
      started: (await processStart(process.pid)) ?? '',
      baseUrl,
      keyName,
    });
    process.stdout.write(`${readyWord}\n`);
    await Promise.race([ended, untilUnused(folder, { baseUrl, apiKey }, stopping.signal)]);
    return 0;
  } finally {
    // The end of its stdin is the platform's sign to shut its devboxes down and end.
    stdin?.end();
    await ended;
    await removeRunning(folder, process.pid);
  }
}

async function firstAddress(platform: ChildProcess): Promise<string | undefined> {
  if (platform.stdout === null) return undefined;
  for await (const line of createInterface({ input: platform.stdout })) {
    return asString(asObject(parseJson(line))?.['baseURL']);
  }
  return undefined;
}

/** Resolves when no window uses the platform and none of its devboxes could be lost, or when asked to stop. */
async function untilUnused(
  folder: string,
  account: { baseUrl: string; apiKey: string },
  stop: AbortSignal,
): Promise<void> {
  let unanswered = 0;
  while (!stop.aborted) {
    if ((await countWindows(folder)) === 0) {
      const left = await devboxesLeft(account);
      unanswered = left === undefined ? unanswered + 1 : 0;
      // Asked again: a window that reloads is away for a moment.
      if (left === 0 && (await countWindows(folder)) === 0 && (await stillUnused(folder, stop))) return;
      if (unanswered >= brokenAfter) return;
    }
    await sleep(lookMs, undefined, { signal: stop }).catch(() => undefined);
  }
}

/** A reload takes seconds; a platform that went and came again meanwhile would have another address. */
async function stillUnused(folder: string, stop: AbortSignal): Promise<boolean> {
  for (let look = 0; look < 5 && !stop.aborted; look += 1) {
    await sleep(lookMs, undefined, { signal: stop }).catch(() => undefined);
    if ((await countWindows(folder)) > 0) return false;
  }
  return true;
}

/** How many devboxes have not ended; undefined if the platform does not answer. */
async function devboxesLeft(account: { baseUrl: string; apiKey: string }): Promise<number | undefined> {
  try {
    const answer = await fetch(`${account.baseUrl}/v1/devboxes?limit=1000`, {
      headers: { authorization: `Bearer ${account.apiKey}` },
      signal: deadline(askMs),
    });
    if (!answer.ok) return undefined;
    const devboxes = asArray(asObject(parseJson(await answer.text()))?.['devboxes']);
    return devboxes.filter((devbox) => !['shutdown', 'failure'].includes(asString(asObject(devbox)?.['status']) ?? ''))
      .length;
  } catch (error) {
    process.stderr.write(`The local platform does not answer: ${messageOf(error)}\n`);
    return undefined;
  }
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  return 1;
});
