import type { Disposable } from '../events';
import { OwnEntries } from '../platform/ownExecutions';
import { LineRedactor } from '../secrets/lineRedactor';
import type { FollowEvent, FollowNotice } from './followEvent';
import { LineGroups, type LineGroup } from './lineGroups';
import { TimeSlicer } from '../../ground/timeSlicer';

/** Milliseconds after which what nothing follows is shown: a traceback's lines come within moments of each other. */
const groupRestMs = 100;

/** Where it is known what must not be shown of a devbox. */
export interface LineSecrets {
  /** All values that are known to be secret now. */
  known(): Promise<readonly string[]>;
  /** Tells of values that become known later. */
  onDidAdd?(listener: (values: readonly string[]) => void): Disposable;
}

export interface LinePipelineOptions {
  readonly secrets: LineSecrets;
  /** Shows what is whole: redacted, made safe, grouped. */
  readonly show: (groups: readonly LineGroup[]) => void | Promise<void>;
  /** Told of what stands between the lines, at its place. */
  readonly onNotice?: (notice: FollowNotice) => void;
  /** True when no more is wanted. */
  readonly isEnough?: () => boolean;
  /** Keeps a group back until it is known to be whole, for readers of logs that do not grow meanwhile. */
  readonly isWhole?: boolean;
}

/**
 * The one way of a devbox's lines from their source to whoever shows them: source → without our own executions → redacted →
 * grouped → shown. Channel, document and search all take it, so that what keeps secrets out stands once. Nothing is shown before it is known what is
 * secret, and what is open at the end, however that came, is shown.
 *
 * @throws what the source, `secrets` and `show` throw
 */
export async function pipeLines(
  source: AsyncIterable<FollowEvent>,
  { secrets, show, onNotice, isEnough, isWhole = false }: LinePipelineOptions,
): Promise<void> {
  const redactor = new LineRedactor();
  const subscription = secrets.onDidAdd?.((values) => redactor.add(values));
  const groups = new LineGroups(redactor);
  const own = new OwnEntries();
  const slicer = new TimeSlicer();
  let timer: NodeJS.Timeout | undefined;
  let failure: { readonly error: unknown } | undefined;
  const flush = async (): Promise<void> => {
    const open = groups.flush();
    if (open.length > 0) await show(open);
  };
  const flushLater = (): void => {
    flush().catch((error: unknown) => (failure = { error }));
  };
  try {
    redactor.add(await secrets.known());
    for await (const event of source) {
      clearTimeout(timer);
      if (failure !== undefined) throw failure.error;
      if (event.type === 'lines') {
        const whole = groups.take(event.lines.filter((line) => !own.has(line)));
        if (whole.length > 0) await show(whole);
        if (isEnough?.() === true) return;
        if (!isWhole) timer = setTimeout(flushLater, groupRestMs);
        await slicer.share();
      } else {
        await flush();
        onNotice?.(event.notice);
      }
    }
  } finally {
    clearTimeout(timer);
    subscription?.dispose();
    await flush();
  }
}
