/** The longest life that Runloop gives a devbox, in seconds (48 h). */
export const longestKeepAliveSeconds = 172_800;

/** When a devbox ends by itself: Runloop takes a lifetime or an idle rule, not both (contract §2.3). */
export type EndRule =
  | { readonly kind: 'lifetime'; readonly seconds: number }
  | { readonly kind: 'idle'; readonly seconds: number; readonly action: 'suspend' | 'shutdown' };
