import Mocha from 'mocha';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { url: { type: 'string' }, 'session-key': { type: 'string' } } });
if (values.url === undefined) {
  console.log('skipped: no server of OpenHands is given (npm run test:openhands -- --url URL [--session-key K])');
} else {
  process.env['OPENHANDS_SERVER_URL'] = values.url.replace(/\/+$/, '');
  if (values['session-key'] !== undefined) process.env['OPENHANDS_SESSION_KEY'] = values['session-key'];
  const mocha = new Mocha();
  mocha.addFile('out/contract/openhands.test.js');
  await mocha.loadFilesAsync();
  mocha.run((failures) => (process.exitCode = failures === 0 ? 0 : 1));
}
