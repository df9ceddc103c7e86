import { l10n, ThemeColor, ThemeIcon } from 'vscode';
import type { Disposable } from '../../../core/events';
import type { SignedIn } from '../../account/account';
import { failureText } from '../../messages/showFailure';
import type { DetailRow, PortRow, PortsRow, Row } from '../rows';
import type { TreeListener, TreePorts } from '../treeServices';

interface Looked {
  readonly row: PortsRow;
  /** What listened when somebody looked last; undefined before that. */
  found: Promise<readonly TreeListener[]> | undefined;
  atMs: number;
}

/** Milliseconds for which a look is as good as another one: the editor tells of a row that opens twice. */
const freshMs = 2_000;

/** The rows of ports. A devbox is looked at when its row opens or is refreshed, and not when it is only drawn again. */
export class PortRows implements Disposable {
  readonly #ports: TreePorts;
  readonly #redraw: (rows: Row[]) => void;
  readonly #looked = new Map<string, Looked>();
  readonly #subscription: Disposable;

  /** @param redraw draws rows again */
  constructor(ports: TreePorts, redraw: (rows: Row[]) => void) {
    this.#ports = ports;
    this.#redraw = redraw;
    this.#subscription = ports.forwarder.onDidChange((devboxId) => {
      const looked = this.#looked.get(devboxId);
      if (looked?.found !== undefined) redraw([looked.row]);
    });
  }

  /** "Ports" of a devbox. */
  of(devboxId: string): PortsRow {
    return this.#of(devboxId).row;
  }

  /** What listens in a devbox, and what is forwarded of it; a line that says why where that cannot be told. */
  async below({ devboxId }: PortsRow, account: SignedIn, signal: AbortSignal): Promise<Row[]> {
    const looked = this.#of(devboxId);
    if (looked.found === undefined) {
      looked.found = this.#ports.look(account, devboxId, signal);
      looked.atMs = performance.now();
    }
    try {
      const rows = this.#rows(devboxId, await looked.found);
      return rows.length > 0
        ? rows
        : [note(devboxId, l10n.t('No program is listening on a port'), new ThemeIcon('info'))];
    } catch (error) {
      const icon = new ThemeIcon('warning', new ThemeColor('list.warningForeground'));
      return [note(devboxId, l10n.t('The ports could not be listed'), icon, failureText(error))];
    }
  }

  /** Looks anew, where somebody has looked before. */
  again(devboxId: string, { unlessFresh }: { readonly unlessFresh: boolean }): void {
    const looked = this.#looked.get(devboxId);
    if (looked?.found === undefined || (unlessFresh && performance.now() - looked.atMs < freshMs)) return;
    looked.found = undefined;
    this.#redraw([looked.row]);
  }

  /** Forgets all, for another account. */
  clear(): void {
    this.#looked.clear();
  }

  dispose(): void {
    this.#subscription.dispose();
  }

  #of(devboxId: string): Looked {
    let looked = this.#looked.get(devboxId);
    if (looked === undefined) {
      looked = { row: { kind: 'ports', devboxId }, found: undefined, atMs: 0 };
      this.#looked.set(devboxId, looked);
    }
    return looked;
  }

  #rows(devboxId: string, found: readonly TreeListener[]): PortRow[] {
    const forwards = this.#ports.forwarder.forwards.filter((one) => one.devboxId === devboxId);
    const rows = found.map(({ port, isLocal, addresses, processes }): PortRow => {
      const localPort = forwards.find((one) => one.port === port)?.localPort;
      return { kind: 'port', devboxId, port, isLocal, addresses, isListening: true, process: processes[0], localPort };
    });
    const others = forwards
      .filter(({ port }) => !found.some((one) => one.port === port))
      .map(({ port, localPort }): PortRow => {
        const nothing = { isLocal: false, addresses: [], isListening: false, process: undefined } as const;
        return { kind: 'port', devboxId, port, localPort, ...nothing };
      });
    return [...rows, ...others].sort((one, other) => one.port - other.port);
  }
}

function note(devboxId: string, label: string, icon: ThemeIcon, description?: string): DetailRow {
  const told = description === undefined ? {} : { description };
  return { kind: 'detail', devboxId, detail: { key: 'note ports', label, icon, ...told } };
}
