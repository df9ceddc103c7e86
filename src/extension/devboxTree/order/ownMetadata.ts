import { agentsKey, containerNameKey, workspacePathKey, type Devbox } from '../../../core/platform/devbox';
import { requestKey } from '../../../core/platform/requestKey';

/** What this extension and OpenHands write there for themselves; a person has no use for it. */
const internalKeys: readonly string[] = [requestKey, agentsKey, containerNameKey, workspacePathKey];

/** The metadata that people wrote, as pairs of key and value. */
export function ownMetadata({ metadata }: Devbox): readonly (readonly [key: string, value: string])[] {
  return Object.entries(metadata).filter(([key]) => !internalKeys.includes(key));
}
