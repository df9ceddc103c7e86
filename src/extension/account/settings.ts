import { workspace } from 'vscode';
import { longestKeepAliveSeconds } from '../../core/runtimeConfig';

export interface Settings {
  readonly baseUrl: string | undefined;
  readonly tunnelUrlTemplate: string | undefined;
  readonly blueprint: string;
  readonly size: string;
  readonly lifetimeSeconds: number;
  readonly tunnelAuthMode: 'open' | 'authenticated';
  readonly workspacePath: string;
}

export const settingsSection = 'runloop';

function text(key: string): string | undefined {
  const value: unknown = workspace.getConfiguration(settingsSection).get(key);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

/** The settings as they are now; values of a wrong type or beyond the limits count as unset. */
export function readSettings(): Settings {
  const minutes: unknown = workspace.getConfiguration(settingsSection).get('lifetimeMinutes');
  const lifetime = typeof minutes === 'number' && Number.isFinite(minutes) ? Math.round(minutes * 60) : 3_600;
  return {
    baseUrl: text('baseUrl'),
    tunnelUrlTemplate: text('tunnelUrlTemplate'),
    blueprint: text('blueprint') ?? 'openhands',
    size: text('size') ?? 'LARGE',
    lifetimeSeconds: Math.min(Math.max(lifetime, 60), longestKeepAliveSeconds),
    tunnelAuthMode: text('tunnelAuthentication') === 'open' ? 'open' : 'authenticated',
    workspacePath: text('workspacePath') ?? '/workspace',
  };
}
