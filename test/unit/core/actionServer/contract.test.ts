import { after, before, describe } from 'mocha';
import { clientContract } from '../../../contract/clientContract';
import { pathWith, pythonFolderVariable } from '../../../run/programs';
import { RunningServer, sessionKey } from '../../local/actionServer/runningServer';

describe('the contract', () => {
  let server: RunningServer;

  before(async () => {
    server = await RunningServer.start({
      arguments: ['--working-dir', '/tmp', '--no-enable-browser', '--plugins', 'jupyter'],
      environment: { PATH: pathWith(pythonFolderVariable) },
    });
  });

  after(async () => {
    await server.stop();
  });

  clientContract('our server', () => ({ url: `http://127.0.0.1:${server.port}`, sessionKey }));
});
