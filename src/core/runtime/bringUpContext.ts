import type { RuntimeConfig } from '../options/runtimeConfig';
import type { Devbox } from '../platform/devbox';
import type { RunloopApi } from '../platform/runloopApi';
import type { BringUpContext } from './connect/bringUp';
import type { CallLimits } from './connect/withinDeadline';
import type { LiveConnection } from './liveConnection';
import type { RuntimeEvents } from './runtimeEvents';
import type { StateMachine } from './runtimeState';

/** The parts of a runtime that bringing a devbox up has to do with. */
export interface RuntimeParts {
  readonly api: RunloopApi;
  readonly config: RuntimeConfig;
  readonly events: RuntimeEvents;
  readonly live: LiveConnection;
  readonly machine: StateMachine;
  readonly onDevbox: (devbox: Devbox) => void;
}

/** What a runtime gives to the steps that bring its devbox up, and what it hears from them and from the connection later. */
export function bringUpContext(
  { api, config, events, live, machine, onDevbox }: RuntimeParts,
  call: CallLimits,
): BringUpContext {
  return {
    api,
    config,
    call,
    resumeSuspended: config.resumeSuspended,
    isUnasked: config.isUnasked,
    client: {
      events: events.stream,
      during: (work) => live.during(work),
      onLost: (error) => {
        if (machine.state !== 'ready') return;
        machine.move('disconnected');
        events.status('STATUS$ERROR_RUNTIME_DISCONNECTED', error);
      },
    },
    onPhase: (phase, devbox) => {
      // From here on it may run, also where the answer to the resume does not come any more.
      const isWoken = phase === 'resuming' && devbox.status === 'suspended';
      onDevbox(isWoken ? { ...devbox, status: 'resuming' } : devbox);
      events.phase(phase, devbox);
    },
    onStarted: () => events.status('STATUS$RUNTIME_STARTED'),
  };
}
