/** Environment variable with the Unix socket at which the tests listen for the API extension. */
export const apiSocketVariable = 'RUNLOOP_UI_API_SOCKET';

/** A function to run inside the extension host. */
export interface ApiRequest {
  readonly id: number;
  /** Source text of a function whose first parameter is the `vscode` module. */
  readonly source: string;
  /** JSON values for its further parameters. */
  readonly args: readonly unknown[];
}

/** What became of it. */
export type ApiResponse =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly error: string };

/** @throws Error if `line` is no request */
export function parseApiRequest(line: string): ApiRequest {
  const value: unknown = JSON.parse(line);
  if (typeof value === 'object' && value !== null && 'id' in value && 'source' in value && 'args' in value) {
    const { id, source, args } = value;
    if (typeof id === 'number' && typeof source === 'string' && Array.isArray(args)) {
      return { id, source, args };
    }
  }
  throw new Error('Not a request to the API extension.');
}

/** @throws Error if `line` is no response */
export function parseApiResponse(line: string): ApiResponse {
  const value: unknown = JSON.parse(line);
  if (typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'number' && 'ok' in value) {
    if (value.ok === true) {
      return { id: value.id, ok: true, value: 'value' in value ? value.value : undefined };
    }
    if ('error' in value && typeof value.error === 'string') {
      return { id: value.id, ok: false, error: value.error };
    }
  }
  throw new Error('Not a response of the API extension.');
}
