import { DataTransferItem, type CancellationToken, type DataTransfer, type TreeDragAndDropController } from 'vscode';
import { asObject, asString } from '../../core/parse';
import { showFailureLater } from '../messages/missingCode';
import type { TransferServices } from './transferCommands';

/** Addresses, one a line: what editors and other views take, and the Explorer gives. */
const addresses = 'text/uri-list';

/** Rows of files as what can be dragged and dropped upon. What is done then is read when something is dropped. */
export class FileDrag implements TreeDragAndDropController<object> {
  readonly dragMimeTypes = [addresses];
  readonly dropMimeTypes = ['application/vnd.code.tree.runloop.devboxes', addresses, 'files'];
  readonly #services: TransferServices;

  constructor(services: TransferServices) {
    this.#services = services;
  }

  handleDrag(rows: readonly object[], data: DataTransfer): void {
    const files = rows.map((row) => asObject(row)).filter((row) => asString(row?.['kind']) === 'file');
    // A click with a moving hand must not take the whole of a devbox anywhere.
    const uris = files.filter((row) => row?.['name'] !== '/').map((row) => String(row?.['uri']));
    if (uris.length > 0) data.set(addresses, new DataTransferItem(uris.join('\r\n')));
  }

  async handleDrop(row: object | undefined, data: DataTransfer, token: CancellationToken): Promise<void> {
    try {
      const { dropFiles } = await import('./dropFiles');
      if (!token.isCancellationRequested) await dropFiles(this.#services, row, data);
    } catch (error) {
      await showFailureLater('Dropping files on a folder of a devbox', error, this.#services.log);
    }
  }
}
