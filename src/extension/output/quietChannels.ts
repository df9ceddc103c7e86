/** Channels that are kept although nothing comes into them and nobody looks at them. */
const mostQuiet = 8;

/** What is known of the channel of a devbox. */
export interface ChannelState {
  /** Lines still come into it, or may. */
  readonly isFollowed: boolean;
  readonly isShown: boolean;
}

/**
 * The channels that can go: a devbox that has ended, or is not followed any more, needs none while nobody looks. The newest
 * stay, as somebody may want to read on; any other comes back, whole, when its output is shown again.
 *
 * @param channels by devbox, those that were used last at the end
 */
export function quietChannels(channels: ReadonlyMap<string, ChannelState>): string[] {
  const quiet = [...channels].filter(([, { isFollowed, isShown }]) => !isFollowed && !isShown).map(([id]) => id);
  return quiet.slice(0, Math.max(0, quiet.length - mostQuiet));
}
