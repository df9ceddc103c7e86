import { parseArgs } from 'node:util';

/** The command line of the local platform, read. */
export interface PlatformOptions {
  /** TCP port; 0 picks a free one. */
  readonly port: number;
  readonly apiKey: string | undefined;
  readonly dataDir: string | undefined;
  readonly vscodeServer: string | undefined;
  readonly vscodeNode: string | undefined;
  readonly actionServer: string | undefined;
  readonly sandbox: 'auto' | 'plain';
  /** Whether the kernel's control groups hold devboxes to their sizes, where that is allowed. */
  readonly controlGroups: 'auto' | 'off';
  /** Seconds for which a terminal's shell lives without a client. */
  readonly ptyIdleSeconds: number;
  /** Age in seconds at which the platform ends any devbox; undefined for none. */
  readonly devboxTtlSeconds: number | undefined;
  readonly exitWithParent: boolean;
  /** File with faults to inject. */
  readonly faults: string | undefined;
  /** Faults can be ordered while the platform runs. */
  readonly faultControl: boolean;
}

/** A command line that cannot be understood. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

export const usage = `usage: local.mjs [--port P] [--api-key K] [--data-dir D] [--vscode-server DIR] [--vscode-node FILE]
                 [--action-server FILE] [--sandbox auto|plain] [--control-groups auto|off] [--exit-with-parent] [--pty-idle-seconds N]
                 [--devbox-ttl-seconds N] [--faults FILE] [--fault-control]
The API key can also be given in RUNLOOP_LOCAL_API_KEY, where other users of this computer do not see it.`;

/**
 * Reads the command line.
 * @param args the words after the program's name
 * @throws UsageError with a sentence
 */
export function parseOptions(args: readonly string[]): PlatformOptions | 'help' {
  const values = read(args);
  if (values.help === true) {
    return 'help';
  }
  const sandbox = values.sandbox ?? 'auto';
  if (sandbox !== 'auto' && sandbox !== 'plain') {
    throw new UsageError(`--sandbox must be auto or plain, not "${sandbox}".`);
  }
  const controlGroups = values['control-groups'] ?? 'auto';
  if (controlGroups !== 'auto' && controlGroups !== 'off') {
    throw new UsageError(`--control-groups must be auto or off, not "${controlGroups}".`);
  }
  const port = values.port ?? '0';
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new UsageError(`--port must be a number from 0 to 65535, not "${port}".`);
  }
  return {
    port: Number(port),
    apiKey: values['api-key'],
    dataDir: values['data-dir'],
    vscodeServer: values['vscode-server'],
    vscodeNode: values['vscode-node'],
    actionServer: values['action-server'],
    sandbox,
    controlGroups,
    ptyIdleSeconds: readSeconds('--pty-idle-seconds', values['pty-idle-seconds'] ?? '300', 6),
    devboxTtlSeconds:
      values['devbox-ttl-seconds'] === undefined
        ? undefined
        : readSeconds('--devbox-ttl-seconds', values['devbox-ttl-seconds'], 9),
    exitWithParent: values['exit-with-parent'] === true,
    faults: values.faults,
    faultControl: values['fault-control'] === true,
  };
}

function readSeconds(option: string, text: string, digits: number): number {
  if (!/^\d+$/.test(text) || text.length > digits || Number(text) === 0) {
    throw new UsageError(`${option} must be a number of seconds from 1 to ${'9'.repeat(digits)}, not "${text}".`);
  }
  return Number(text);
}

function read(args: readonly string[]): ReturnType<typeof parse> {
  try {
    return parse(args);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

// The return type follows from the table of options.
function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      port: { type: 'string' },
      'api-key': { type: 'string' },
      'data-dir': { type: 'string' },
      'vscode-server': { type: 'string' },
      'vscode-node': { type: 'string' },
      'action-server': { type: 'string' },
      sandbox: { type: 'string' },
      'control-groups': { type: 'string' },
      'pty-idle-seconds': { type: 'string' },
      'devbox-ttl-seconds': { type: 'string' },
      'exit-with-parent': { type: 'boolean' },
      faults: { type: 'string' },
      'fault-control': { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  }).values;
}
