/*
 * A Node program with a forwarder and nothing else, for the tests: what is thrown and caught by nobody ends it, as it
 * would an extension host. Told by messages what to serve, it answers with the address.
 */
import { LoopbackForwarder } from '../../../../src/core/vscode/loopbackForwarder';
import { asObject, asString } from '../../../../src/core/parse';

const forwarder = new LoopbackForwarder({ answerMs: 700 });

process.on('message', (message: unknown) => {
  const name = asString(asObject(message)?.['name']) ?? '';
  const origin = asString(asObject(message)?.['origin']) ?? '';
  void forwarder.originFor(name, { origin, tunnelToken: 'tunnel-token' }).then((address) => process.send?.(address));
});
process.once('disconnect', () => forwarder.dispose());
