import type { Readable, Writable } from 'node:stream';

/** Milliseconds that a side may take nothing of what the other one sends: meanwhile nobody hears that this one has ended. */
const usualStalledMs = 600_000;

/** Ends `from`, which is piped to `to`, once `to` has taken nothing for so long. */
export function limitStalls(from: Readable, to: Writable, ms = usualStalledMs): void {
  let stalled: NodeJS.Timeout | undefined;
  const wait = (): void => {
    // It pauses as well when the other is gone.
    if (!from.destroyed && to.writableNeedDrain) stalled ??= setTimeout(() => from.destroy(), ms);
  };
  const goOn = (): void => {
    clearTimeout(stalled);
    stalled = undefined;
  };
  from.on('pause', wait).once('close', goOn);
  to.on('drain', goOn);
  wait();
}
