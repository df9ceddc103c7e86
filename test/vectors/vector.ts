/** One request to an action execution server. In texts, `{dir}` is the folder that the run of the vectors may fill. */
export type Step =
  | { readonly kind: 'action'; readonly action: Readonly<Record<string, unknown>> }
  | {
      readonly kind: 'http';
      readonly method: 'GET' | 'POST';
      readonly path: string;
      readonly body?: unknown;
      readonly key?: string;
    }
  | { readonly kind: 'upload'; readonly query: string; readonly filename: string; readonly base64: string };

/** Requests that belong together, in order; each one's answer is a fact about the server. */
export interface Vector {
  readonly name: string;
  readonly steps: readonly Step[];
}

/** What a server answered to one step, without what differs from run to run. */
export interface VectorAnswer {
  readonly status: number;
  /** Parsed JSON, text, or the entries of an archive. */
  readonly body: unknown;
}

/** Executes an action; `timeout` in seconds. */
export function action(type: string, args: Readonly<Record<string, unknown>>, timeout?: number): Step {
  return { kind: 'action', action: { action: type, args, ...(timeout === undefined ? {} : { timeout }) } };
}

export function run(command: string, args: Readonly<Record<string, unknown>> = {}, timeout?: number): Step {
  return action('run', { command, ...args }, timeout);
}

/** Types into what runs. */
export function input(command: string, timeout?: number): Step {
  return run(command, { is_input: true }, timeout);
}

export function read(path: string, args: Readonly<Record<string, unknown>> = {}): Step {
  return action('read', { path, ...args });
}

/** Reads by the editor. */
export function view(path: string, range?: unknown): Step {
  return action('read', { path, impl_source: 'oh_aci', ...(range === undefined ? {} : { view_range: range }) });
}

export function write(path: string, content: string, args: Readonly<Record<string, unknown>> = {}): Step {
  return action('write', { path, content, ...args });
}

export function edit(command: string, path: string, args: Readonly<Record<string, unknown>> = {}): Step {
  return action('edit', { command, path, ...args });
}

export function get(path: string, key?: string): Step {
  return { kind: 'http', method: 'GET', path, ...(key === undefined ? {} : { key }) };
}

export function post(path: string, body?: unknown, key?: string): Step {
  return {
    kind: 'http',
    method: 'POST',
    path,
    ...(body === undefined ? {} : { body }),
    ...(key === undefined ? {} : { key }),
  };
}

export function upload(query: string, filename: string, content: Buffer | string): Step {
  return { kind: 'upload', query, filename, base64: Buffer.from(content).toString('base64') };
}

export function vector(name: string, ...steps: readonly Step[]): Vector {
  return { name, steps };
}
