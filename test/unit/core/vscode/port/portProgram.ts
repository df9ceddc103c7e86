/* A window that listens, for a test that kills it. */
import { Sealed } from '../../../../../src/core/vscode/port/sealed';
import { SharedPort } from '../../../../../src/core/vscode/port/sharedPort';

const port = new SharedPort({
  name: 'devbox',
  notes: undefined,
  sealed: new Sealed('a secret'),
  reply: () => ({}),
  onRequest: (_request, response) => response.end('page'),
  onMoved: () => undefined,
  onFailure: () => undefined,
});
port.open().then(
  (number) => process.send?.(number),
  () => process.exit(1),
);
process.once('disconnect', () => process.exit(0));
