/** The longest life that Runloop gives a devbox, in seconds (48 h). */
export const longestKeepAliveSeconds = 172_800;
