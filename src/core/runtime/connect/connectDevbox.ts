import type { Devbox } from '../../platform/devbox';
import type { RuntimeEvent } from '../runtimeStatus';
import { bringUp, type BringUpContext, type Connection } from './bringUp';
import { findOrCreate, type FindOrCreateContext } from './findOrCreate';
import { setUpDevbox } from './setUpDevbox';

/** What the steps of a first connect tell besides what bringing up tells. */
export interface ConnectTold extends Pick<FindOrCreateContext, 'onPhase' | 'onStart' | 'onCreated'> {
  /** Told of the devbox once it is found or created. */
  readonly onFound: (devbox: Devbox) => void;
  readonly fire: (event: RuntimeEvent) => void;
}

/** The steps of a first connect: a devbox is found or created, brought up, and set up unless it is only attached to. */
export async function connectDevbox(context: BringUpContext, told: ConnectTold): Promise<Connection> {
  const { api, config, call } = context;
  const { onPhase, onStart, onCreated } = told;
  const found = await findOrCreate({ api, config, call, onPhase, onStart, onCreated });
  told.onFound(found.devbox);
  const connection = await bringUp(context, found.devbox, found);
  if (!config.attachToExisting) {
    await setUpDevbox(connection, { config, isNew: found.isNew, signal: call.signal, fire: told.fire });
  }
  return connection;
}
