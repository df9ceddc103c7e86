import { newTunnelKey, newTunnelToken } from '../ids';

/** What a caller may choose about a tunnel. */
export interface TunnelSettings {
  readonly authMode: 'open' | 'authenticated';
  readonly httpKeepAlive: boolean;
  readonly wakeOnHttp: boolean;
}

/** The one tunnel of a devbox; every port goes through it by host name. */
export interface Tunnel extends TunnelSettings {
  readonly key: string;
  readonly token?: string | undefined;
  /** Unix milliseconds. */
  readonly createdAt: number;
}

/** Makes a tunnel with a fresh key, and a fresh token if it is an authenticated one. */
export function openTunnel(settings: TunnelSettings): Tunnel {
  return {
    ...settings,
    key: newTunnelKey(),
    token: settings.authMode === 'authenticated' ? newTunnelToken() : undefined,
    createdAt: Date.now(),
  };
}
