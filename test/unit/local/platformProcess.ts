import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { request, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunloopSDK } from '@runloop/api-client';
import { quickStart } from '../../testPlatform';

/** The platform's bundle, as it is shipped. */
export const bundle = join(process.cwd(), 'dist', 'local.mjs');

/** The official SDK's REST client. */
export type Client = RunloopSDK['api'];

/** Points the official SDK at an address. It never repeats a request by itself, so that tests see each answer. */
export function clientFor(baseURL: string, bearerToken: string, transport: 'http1' | 'http2' = 'http1'): Client {
  return new RunloopSDK({ baseURL, bearerToken, maxRetries: 0, ...(transport === 'http1' ? { http2: false } : {}) })
    .api;
}

/** A local platform in a process and a data folder of its own. */
export interface TestPlatform {
  readonly child: ChildProcess;
  readonly baseURL: string;
  readonly port: number;
  readonly apiKey: string;
  readonly dataDir: string;
  /** Everything it has said on stderr so far. */
  stderr(): string;
  /** The official SDK, pointed at it. */
  client(transport?: 'http1' | 'http2'): Client;
  /** Ends it and removes its data folder; gives its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/**
 * Starts the platform and waits for its line on stdout.
 * @param within words put in front of the platform's command, to start it in other circumstances
 */
export async function startPlatform(
  args: readonly string[] = [],
  environment: Record<string, string> = {},
  within: readonly string[] = [],
): Promise<TestPlatform> {
  const dataDir = mkdtempSync(join(tmpdir(), 'runloop-local-'));
  const [file = '', ...words] = [...within, process.execPath, ...quickStart, bundle, '--data-dir', dataDir, ...args];
  const child = spawn(file, words, {
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output.stdout += chunk.toString();
      if (output.stdout.includes('\n')) {
        resolve();
      }
    });
    child.once('exit', () => reject(new Error(`The platform ended: ${output.stderr}`)));
  });
  const { baseURL, apiKey } = JSON.parse(output.stdout) as { baseURL: string; apiKey: string };
  return {
    child,
    baseURL,
    port: Number(new URL(baseURL).port),
    apiKey,
    dataDir,
    stderr: () => output.stderr,
    client: (transport) => clientFor(baseURL, apiKey, transport),
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      const code = await ended;
      rmSync(dataDir, { recursive: true, force: true });
      return code;
    },
  };
}

/** Runs the platform with arguments that make it end at once. */
export async function runToEnd(
  args: readonly string[],
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [bundle, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

/** An HTTP/1.1 answer. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Sends an HTTP/1.1 request to the platform's port under any host name. */
export function send(
  platform: TestPlatform,
  host: string,
  path = '/',
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port: platform.port,
        path,
        method: options.method ?? 'GET',
        headers: { ...options.headers, host },
        agent: false,
      },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
        response.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end(options.body);
  });
}

/** The host name of a devbox's tunnel to `port`. */
export function tunnelHost(platform: TestPlatform, port: number, key: string): string {
  return `${port}-${key}.tunnel.localhost:${platform.port}`;
}

/** Calls `check` until it gives something; fails after 40 s with `what`. */
export async function eventually<T>(what: string, check: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const limit = Date.now() + 40_000;
  for (;;) {
    const found = await check();
    if (found !== undefined) {
      return found;
    }
    if (Date.now() > limit) {
      throw new Error(`Not seen in 40 s: ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Asks a tunnel until something answers behind it. */
export function whenListening(
  platform: TestPlatform,
  host: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return eventually(`a service behind ${host}`, async () => {
    const answer = await send(platform, host, '/', { headers });
    return answer.status === 502 || answer.status === 503 ? undefined : answer;
  });
}

/** The numbers of running processes whose arguments or environment contain `mark`, the test's own process excepted. */
export function processesWith(mark: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        // Zombies have no arguments any more.
        return ['cmdline', 'environ'].some((file) => readFileSync(`/proc/${name}/${file}`, 'utf8').includes(mark));
      } catch {
        // Gone between being listed and being read.
        return false;
      }
    })
    .map(Number);
}

/** All messages of a devbox's log, one per line. */
export async function logText(client: Client, id: string): Promise<string> {
  const { logs } = await client.devboxes.logs.list(id);
  return logs.map((entry) => entry.message ?? '').join('\n');
}

/** An entrypoint that answers every request on `port` with its own name and the request's headers. */
export function echoServer(name: string, port = 4444): string {
  const script = `require("http").createServer((q, s) => {
    let n = 0; q.on("data", (c) => n += c.length); q.on("end", () => s.end(JSON.stringify({ name: "${name}", url: q.url, bytes: n, raw: q.rawHeaders })));
  }).listen(${port}, process.env.RUNLOOP_LOCAL_BIND, () => console.log("listening"))`;
  return `exec node -e '${script}'`;
}
