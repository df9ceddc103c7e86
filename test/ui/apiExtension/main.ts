import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { runInThisContext } from 'node:vm';
import * as vscode from 'vscode';
import { apiSocketVariable, parseApiRequest, type ApiRequest, type ApiResponse } from './protocol';

/*
 * Lives in the same extension host as the extension under test and lets the UI tests ask VS Code's API what they cannot
 * see in the page, and set up what a person would have set up before.
 */

/** Connects to the tests, if there are any. */
export function activate(context: vscode.ExtensionContext): void {
  const path = process.env[apiSocketVariable];
  if (path === undefined) {
    return;
  }
  const socket = connect(path);
  context.subscriptions.push({ dispose: () => socket.destroy() });
  socket.on('error', () => socket.destroy());
  createInterface({ input: socket, crlfDelay: Infinity }).on('line', (line) => {
    void answer(parseApiRequest(line)).then((response) => socket.write(`${JSON.stringify(response)}\n`));
  });
}

async function answer(request: ApiRequest): Promise<ApiResponse> {
  try {
    // The bundler wraps named functions in a call of __name, which exists in bundles only.
    const make: unknown = runInThisContext(`(__name) => (${request.source})`, { filename: 'ui-test-function.js' });
    const value: unknown = await call(call(make, [(named: unknown) => named]), [vscode, ...request.args]);
    return { id: request.id, ok: true, value };
  } catch (error) {
    return {
      id: request.id,
      ok: false,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
}

function call(target: unknown, args: readonly unknown[]): unknown {
  if (typeof target !== 'function') {
    throw new TypeError('The test did not send a function.');
  }
  return Reflect.apply(target, undefined, args);
}
