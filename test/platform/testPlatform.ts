import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { RunloopSDK } from '@runloop/api-client';
import { localPlatformBundle } from '../vscode/projectPaths';
import { PlatformProcess, startProcess, type PlatformOptions } from './platformProcess';

/** The official SDK's REST client. */
export type Client = RunloopSDK['api'];

/** Points the official SDK at an address. It never repeats a request by itself, so that tests see each answer. */
export function clientFor(baseURL: string, bearerToken: string, transport: 'http1' | 'http2' = 'http1'): Client {
  return new RunloopSDK({ baseURL, bearerToken, maxRetries: 0, ...(transport === 'http1' ? { http2: false } : {}) })
    .api;
}

/** A local platform for tests, with the official SDK at hand. */
export class TestPlatform extends PlatformProcess {
  static override async start(args: readonly string[] = [], options: PlatformOptions = {}): Promise<TestPlatform> {
    return new TestPlatform(await startProcess(args, options));
  }

  /** The official SDK, pointed at it. */
  client(transport?: 'http1' | 'http2'): Client {
    return clientFor(this.baseUrl, this.apiKey, transport);
  }
}

/** Starts a local platform for a test or two: {@link PlatformProcess.start}. */
export function startPlatform(args: readonly string[] = [], options: PlatformOptions = {}): Promise<TestPlatform> {
  return TestPlatform.start(args, options);
}

/** Runs the platform with arguments that make it end at once. */
export async function runToEnd(
  args: readonly string[],
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [localPlatformBundle, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

/** All messages of a devbox's log, one per line. */
export async function logText(client: Client, id: string): Promise<string> {
  const { logs } = await client.devboxes.logs.list(id);
  return logs.map((entry) => entry.message ?? '').join('\n');
}
