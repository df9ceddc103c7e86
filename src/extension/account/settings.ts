import { workspace } from 'vscode';
import { defaultPrices, type Prices } from '../../core/cost/prices';
import { asNumber, asObject } from '../../core/parse';
import { longestKeepAliveSeconds } from '../../core/start/endRule';

export interface Settings {
  readonly baseUrl: string | undefined;
  readonly tunnelUrlTemplate: string | undefined;
  readonly blueprint: string;
  readonly size: string;
  readonly lifetimeSeconds: number;
  readonly tunnelAuthMode: 'open' | 'authenticated';
  readonly workspacePath: string;
  /** Tag of the OpenHands runtime image that blueprints are built from. */
  readonly openhandsTag: string;
  /** Address of the code-server archive for plain devboxes; undefined for its own releases. */
  readonly codeServerDownload: string | undefined;
  /** Hours after which a running devbox counts as old. */
  readonly forgottenAfterHours: number;
  /** Milliseconds after which the output of a devbox that nobody looks at is no longer followed; Infinity: never. */
  readonly pauseOutputAfterMs: number;
  /** Whether Runloop is told when somebody uses a devbox, so that its idle rule does not strike. */
  readonly keepAliveWhileUsed: boolean;
  /** Whether repositories of devboxes count in the badge of Source Control. */
  readonly countsInSourceControl: boolean;
  readonly openVscodeIn: 'externalBrowser' | 'simpleBrowser';
  /** For devboxes of the local platform; RUNLOOP_LOCAL_VSCODE_SERVER and _NODE where the settings are empty. */
  readonly localVscode: { readonly server: string | undefined; readonly node: string | undefined };
}

export const settingsSection = 'runloop';

function text(key: string): string | undefined {
  const value: unknown = workspace.getConfiguration(settingsSection).get(key);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

function number(key: string): number | undefined {
  const value: unknown = workspace.getConfiguration(settingsSection).get(key);
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** The settings as they are now; values of a wrong type or beyond the limits count as unset. */
export function readSettings(): Settings {
  const pauseMinutes = Math.min(number('pauseOutputAfterMinutes') ?? 5, 24 * 60);
  const lifetime = Math.round((number('lifetimeMinutes') ?? 60) * 60);
  return {
    baseUrl: text('baseUrl'),
    tunnelUrlTemplate: text('tunnelUrlTemplate'),
    blueprint: text('blueprint') ?? 'openhands',
    size: text('size') ?? 'LARGE',
    lifetimeSeconds: Math.min(Math.max(lifetime, 60), longestKeepAliveSeconds),
    tunnelAuthMode: text('tunnelAuthentication') === 'open' ? 'open' : 'authenticated',
    workspacePath: text('workspacePath') ?? '/workspace',
    openhandsTag: text('openhandsImageTag') ?? '0.62-nikolaik',
    codeServerDownload: text('codeServerDownload'),
    forgottenAfterHours: Math.max(1, number('forgottenAfterHours') ?? 8),
    pauseOutputAfterMs: pauseMinutes > 0 ? pauseMinutes * 60_000 : Infinity,
    keepAliveWhileUsed: workspace.getConfiguration(settingsSection).get<unknown>('keepAliveWhileUsed') !== false,
    countsInSourceControl: workspace.getConfiguration(settingsSection).get<unknown>('countInSourceControl') === true,
    openVscodeIn: text('openVscodeIn') === 'simpleBrowser' ? 'simpleBrowser' : 'externalBrowser',
    localVscode: {
      server: text('localVscodeServer') ?? process.env['RUNLOOP_LOCAL_VSCODE_SERVER'],
      node: text('localVscodeNode') ?? process.env['RUNLOOP_LOCAL_VSCODE_NODE'],
    },
  };
}

/** The prices for estimates; parts that are unset or no price count as Runloop's own. */
export function readPrices(): Prices {
  return parsePrices(workspace.getConfiguration(settingsSection).get<unknown>('prices'));
}

function parsePrices(value: unknown): Prices {
  const given = asObject(value) ?? {};
  const price = (key: keyof Prices): number => {
    const number = asNumber(given[key]);
    return number === undefined || number < 0 ? defaultPrices[key] : number;
  };
  return { vcpuHour: price('vcpuHour'), memoryGibHour: price('memoryGibHour'), diskGibMonth: price('diskGibMonth') };
}
