import { fromBuffer, type Entry, type ZipFile } from 'yauzl';
import { dirname } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import type { Step, Vector, VectorAnswer } from './vector';

/** Where the server is that is asked. */
export interface VectorServer {
  readonly url: string;
  readonly sessionKey: string | undefined;
}

/**
 * Sends vectors to a server.
 * @param onVector gets each vector with what the server answered to its steps
 * @throws Error when the server cannot be reached, or does not run commands at all
 */
export async function runVectors(
  server: VectorServer,
  vectors: readonly Vector[],
  onVector: (vector: Vector, answers: readonly VectorAnswer[]) => void | Promise<void>,
): Promise<void> {
  const workingDir = await workingDirOf(server);
  const dir = `${workingDir === '/' ? '' : workingDir}/vectors-${process.pid}`;
  const ask = async (step: Step): Promise<VectorAnswer> =>
    send(server, JSON.parse(JSON.stringify(step).replaceAll('{dir}', dir)) as Step, dir);
  await ask({ kind: 'action', action: { action: 'run', args: { command: `mkdir -p ${dir} && cd ${dir}` } } });
  try {
    for (const vector of vectors) {
      const answers: VectorAnswer[] = [];
      for (const step of vector.steps) answers.push(await ask(step));
      await onVector(vector, answers);
    }
  } finally {
    await ask({ kind: 'action', action: { action: 'run', args: { command: `cd ${workingDir}; rm -rf ${dir}` } } });
  }
}

async function workingDirOf(server: VectorServer): Promise<string> {
  const answer = await request(server, { kind: 'action', action: { action: 'run', args: { command: 'pwd' } } });
  const body = (await answer.json()) as Record<string, unknown>;
  if (typeof body['content'] !== 'string' || !body['content'].startsWith('/')) {
    throw new Error(`The server at ${server.url} does not run commands: ${JSON.stringify(body)}`);
  }
  return body['content'];
}

async function send(server: VectorServer, step: Step, dir: string): Promise<VectorAnswer> {
  const response = await request(server, step);
  const type = response.headers.get('content-type') ?? '';
  if (type.startsWith('application/zip')) {
    return { status: response.status, body: await entriesOf(Buffer.from(await response.arrayBuffer())) };
  }
  const text = await response.text();
  return {
    status: response.status,
    body: normalised(type.startsWith('application/json') ? JSON.parse(text) : text, dir),
  };
}

function request({ url, sessionKey }: VectorServer, step: Step): Promise<Response> {
  const headers: Record<string, string> = sessionKey === undefined ? {} : { 'X-Session-API-Key': sessionKey };
  switch (step.kind) {
    case 'action':
      return fetch(`${url}/execute_action`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify({ action: step.action }),
      });
    case 'upload': {
      const form = new FormData();
      form.append('file', new Blob([Buffer.from(step.base64, 'base64')]), step.filename);
      return fetch(`${url}/upload_file?${step.query}`, { method: 'POST', headers, body: form });
    }
    case 'http': {
      if (step.key !== undefined) headers['X-Session-API-Key'] = step.key;
      const body = step.body === undefined ? {} : { body: JSON.stringify(step.body) };
      return fetch(url + step.path, {
        method: step.method,
        headers: { ...headers, 'content-type': 'application/json' },
        ...body,
      });
    }
  }
}

/** Takes out of an answer what differs from run to run, from computer to computer, and the words of mere hints. */
function normalised(value: unknown, dir: string): unknown {
  if (typeof value === 'string') return normalisedText(value, dir);
  if (Array.isArray(value)) return value.map((item) => normalised(item, dir));
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(
    ([name]) => !['username', 'hostname', 'py_interpreter_path', 'pid', 'errors'].includes(name),
  );
  return Object.fromEntries(kept.map(([name, item]) => [name, normalised(item, dir)]));
}

function normalisedText(text: string, dir: string): string {
  const plain = text
    .replaceAll(dir, '{dir}')
    .replaceAll(dirname(dir), '{working dir}')
    // A prompt has the name of the computer that answers.
    .replace(/\b([a-z]+)@[\w.-]+:(?=[~/])/g, '$1@<host>:')
    .replace(/^\[(\d+)\] \d+$/gm, '[$1] <pid>')
    .replace(/(no new output after) \d+ seconds/, '$1 <silence> seconds')
    .replace(/(seconds\.|is NOT executed\. The previous command is still running)[ .-][^]*\]$/, '$1 <hint>]')
    .replace(/^(ERROR: Cannot execute multiple commands at once\.\n)[^]*?(?=^\(1\) )/m, '$1<hint>\n')
    .replace(/^(.*edited\. |.*undone successfully\. |NOTE: .*\n)?.*`cat -n`.*:$/m, '$1<heading>:')
    .replace(/^NOTE: .*$/m, 'NOTE: <hint>')
    .replace(/^( *\d+\t[^\n]*\n)(Review the changes|Check the change).*$/m, '$1<hint>')
    .replace(/^(Here's the files|Entries of) .*:$/m, '<heading>:')
    .replace(/<response clipped>.*$/m, '<clipped>')
    .replace(/^(\d+ hidden) .*$/m, '$1 <hint>');
  // What is long is told by its size, its beginning and its end.
  return plain.length > 2_000 ? `${plain.slice(0, 200)}<… ${plain.length} characters …>${plain.slice(-200)}` : plain;
}

async function entriesOf(archive: Buffer): Promise<Record<string, string>> {
  const entries: Record<string, string> = {};
  const zip = await promisify<Buffer, { lazyEntries: true }, ZipFile>(fromBuffer)(archive, { lazyEntries: true });
  const open = promisify(zip.openReadStream.bind(zip)) as (
    entry: Entry,
  ) => Promise<NodeJS.ReadableStream & AsyncIterable<Buffer>>;
  await new Promise<void>((resolve, reject) => {
    zip.on('entry', (entry: Entry) => {
      void open(entry)
        .then(buffer)
        .then((content) => {
          entries[entry.fileName] = content.toString();
          zip.readEntry();
        }, reject);
    });
    zip.on('end', resolve);
    zip.on('error', reject);
    zip.readEntry();
  });
  return Object.fromEntries(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)));
}
