import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { asObject, asString, parseJson } from '../src/core/parse';

export interface TestPlatform {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly pid: number;
  /** Ends the platform as Ctrl-C would, and removes its data. */
  stop(): Promise<void>;
  /** Ends the platform without a warning; its data stays. */
  kill(): Promise<void>;
}

/** What Node is started with for a platform that lives for a test or two; why, is told at `LocalPlatformOptions.shortLived`. */
export const quickStart: readonly string[] = ['--liftoff-only'];

/**
 * Starts the built local platform on a free port with a data folder of its own.
 *
 * @param dataDir a folder to go on with, for example that of a platform that was killed
 * @param node what Node is started with: nothing, for a platform whose speed is measured
 */
export async function startPlatform(
  args: readonly string[],
  dataDir = newDataDir(),
  node = quickStart,
): Promise<TestPlatform> {
  const child = spawn(
    process.execPath,
    ['--enable-source-maps', ...node, 'dist/local.mjs', '--data-dir', dataDir, '--exit-with-parent', ...args],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  );
  const said: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => said.push(line));
  const exited = once(child, 'exit');
  const firstLine = new Promise<string>((resolve) => {
    createInterface({ input: child.stdout }).once('line', resolve);
  });
  const line = await Promise.race([firstLine, exited.then(() => '')]);
  const ready = asObject(parseJson(line));
  const baseUrl = asString(ready?.['baseURL']);
  const apiKey = asString(ready?.['apiKey']);
  if (baseUrl === undefined || apiKey === undefined) throw new Error(`The platform did not start:\n${said.join('\n')}`);
  return {
    baseUrl,
    apiKey,
    pid: child.pid ?? 0,
    async stop() {
      child.kill('SIGTERM');
      await exited;
      rmSync(dataDir, { recursive: true, force: true });
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Starts it as users do, for what is measured. */
export function startShippedPlatform(args: readonly string[]): Promise<TestPlatform> {
  return startPlatform(args, newDataDir(), []);
}

/** An empty folder for a platform's data. */
export function newDataDir(): string {
  return mkdtempSync(join(tmpdir(), 'runloop-test-'));
}

/** Replaces the faults of a platform that was started with `--fault-control` (src/local/README.md). */
export async function orderFaults(
  { baseUrl, apiKey }: Pick<TestPlatform, 'baseUrl' | 'apiKey'>,
  ...rules: readonly Readonly<Record<string, unknown>>[]
): Promise<void> {
  const answer = await fetch(`${baseUrl}/local/faults`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({ rules }),
  });
  if (!answer.ok) throw new Error(`The faults were refused: ${await answer.text()}`);
}

/** A rule of the faults, with how often a request has met it and how often it has struck. */
export interface FaultCount {
  readonly id: string;
  readonly fault: string;
  readonly matches: number;
  readonly strikes: number;
}

/** How often each of the faults that were ordered has come about. */
export async function countFaults({
  baseUrl,
  apiKey,
}: Pick<TestPlatform, 'baseUrl' | 'apiKey'>): Promise<readonly FaultCount[]> {
  const answer = await fetch(`${baseUrl}/local/faults`, { headers: { authorization: `Bearer ${apiKey}` } });
  const { rules } = (await answer.json()) as { readonly rules: readonly FaultCount[] };
  return rules;
}
