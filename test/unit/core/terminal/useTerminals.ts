import { afterEach } from 'mocha';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { TerminalSession } from '../../../../src/core/terminal/terminalSession';
import type { TerminalState } from '../../../../src/core/terminal/terminalState';
import { eventually } from '../../../eventually';
import { usePlatform } from '../../../platform/usePlatform';

/** A terminal, and what it has shown and told so far. */
export interface Shown {
  readonly session: TerminalSession;
  readonly states: TerminalState[];
  readonly failures: unknown[];
  text: string;
}

/** How a terminal is opened; as a new one in the home folder where nothing is said. */
export interface OpenOptions {
  readonly name?: string;
  readonly isKnown?: boolean;
  readonly folder?: string;
  readonly api?: RunloopApi;
  readonly onState?: (state: TerminalState) => void;
  readonly onUnready?: () => void;
  /** Beside being noted. */
  readonly onFailure?: (error: unknown) => void;
}

/** What tests of terminals are given. */
export interface Terminals {
  /** Of the platform, in tests only. */
  readonly baseUrl: string;
  readonly api: () => RunloopApi;
  /** The API by another way, such as one that can be cut. */
  readonly through: (baseUrl: string, ...more: RunloopApiMore) => RunloopApi;
  /** A running devbox's id. */
  readonly devbox: () => Promise<string>;
  readonly terminal: (devboxId: string, options?: OpenOptions) => Shown;
  readonly shows: (shown: Shown, text: RegExp) => Promise<string>;
  readonly isIn: (shown: Shown, kind: TerminalState['kind']) => Promise<unknown>;
}

type RunloopApiMore = ConstructorParameters<typeof RunloopApi> extends [unknown, ...infer More] ? More : never;

/** Gives the tests of a `describe` a platform and terminals, which are closed after each test. */
export function useTerminals(name: string): Terminals {
  const used = usePlatform();
  const open: Shown[] = [];
  afterEach(() => {
    for (const one of open.splice(0)) one.session.dispose();
  });
  const through = (baseUrl: string, ...more: RunloopApiMore): RunloopApi =>
    new RunloopApi({ apiKey: used.platform.apiKey, baseUrl }, ...more);
  const api = (): RunloopApi => through(used.platform.baseUrl);
  return {
    get baseUrl() {
      return used.platform.baseUrl;
    },
    api,
    through,
    devbox: async () => {
      const { id } = await api().devboxes.create({ name }, { requestId: crypto.randomUUID() });
      await api().devboxes.waitForStatus(id, ['running'], 20);
      return id;
    },
    terminal: (devboxId, options = {}) => {
      const states: TerminalState[] = [];
      const failures: unknown[] = [];
      const session = new TerminalSession({
        api: options.api ?? api(),
        devboxId,
        name: options.name ?? `t-${crypto.randomUUID()}`,
        isKnown: options.isKnown ?? false,
        folder: options.folder,
        tunnelUrlTemplate: undefined,
        ended: new AbortController().signal,
        onOutput: (text) => (shown.text += text),
        onState: (state) => {
          states.push(state);
          options.onState?.(state);
        },
        onUnready: () => options.onUnready?.(),
        onFailure: (error) => {
          failures.push(error);
          options.onFailure?.(error);
        },
      });
      const shown: Shown = { session, states, failures, text: '' };
      open.push(shown);
      session.start({ cols: 100, rows: 30 });
      return shown;
    },
    shows: (shown, text) =>
      eventually(
        () => Promise.resolve(shown.text),
        (seen) => text.test(seen),
        20_000,
      ),
    isIn: (shown, kind) =>
      eventually(
        () => Promise.resolve(shown.states.at(-1)?.kind),
        (seen) => seen === kind,
        30_000,
      ),
  };
}
