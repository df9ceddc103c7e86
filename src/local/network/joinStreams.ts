import type { Socket } from 'node:net';

/** Lets bytes flow both ways between two connections; one that breaks takes the other with it. */
export function joinStreams(one: Socket, other: Socket): void {
  one.pipe(other);
  other.pipe(one);
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.on('error', () => to.destroy());
    from.once('close', () => to.destroy());
  }
}
