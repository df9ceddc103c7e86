import type * as vscode from 'vscode';

/** A piece of what is dragged. */
export class DataTransferItem implements vscode.DataTransferItem {
  readonly value: unknown;
  readonly #file: vscode.DataTransferFile | undefined;

  constructor(value: unknown, file?: vscode.DataTransferFile) {
    this.value = value;
    this.#file = file;
  }

  asString(): Thenable<string> {
    return Promise.resolve(typeof this.value === 'string' ? this.value : JSON.stringify(this.value));
  }

  asFile(): vscode.DataTransferFile | undefined {
    return this.#file;
  }
}

/** What is dragged. */
export class DataTransfer implements vscode.DataTransfer {
  readonly #items = new Map<string, vscode.DataTransferItem>();

  get(mimeType: string): vscode.DataTransferItem | undefined {
    return this.#items.get(mimeType);
  }

  set(mimeType: string, value: vscode.DataTransferItem): void {
    this.#items.set(mimeType, value);
  }

  forEach(callback: (item: vscode.DataTransferItem, mimeType: string, data: vscode.DataTransfer) => void): void {
    for (const [type, item] of this.#items) callback(item, type, this);
  }

  [Symbol.iterator](): IterableIterator<[mimeType: string, item: vscode.DataTransferItem]> {
    return this.#items[Symbol.iterator]();
  }
}
