import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { createAsyncRotatingLogger } from '../../vscode/spdlog';

describe("the stand-in for VS Code's log writer", () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'runloop-spdlog-'));
  });
  after(() => rm(folder, { recursive: true }));

  it('writes lines with time and level, and none below the level', async () => {
    const file = join(folder, 'new', 'lines.log');
    const logger = await createAsyncRotatingLogger('lines', file, 0, 1);
    logger.setLevel(2);
    logger.debug('not this');
    logger.info('one');
    logger.warn('two');
    logger.flush();
    logger.drop();
    assert.match(
      await readFile(file, 'utf8'),
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \[info\] one\n\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \[warning\] two\n$/,
    );
  });

  it('writes bare text for plain output channels', async () => {
    const file = join(folder, 'bare.log');
    const logger = await createAsyncRotatingLogger('bare', file, 0, 1);
    logger.clearFormatters();
    logger.critical('no end ');
    logger.critical('of line ✓');
    logger.drop();
    assert.equal(await readFile(file, 'utf8'), 'no end of line ✓');
  });

  it('starts a new file when one is full, and keeps only as many old ones as asked for', async () => {
    const file = join(folder, 'full', 'full.log');
    const logger = await createAsyncRotatingLogger('full', file, 10, 2);
    logger.clearFormatters();
    for (const word of ['aaaaaaaa', 'bbbbbbbb', 'cccccccc', 'dddddddd']) {
      logger.info(word);
    }
    logger.drop();
    assert.deepEqual((await readdir(join(folder, 'full'))).sort(), ['full.1.log', 'full.2.log', 'full.log']);
    assert.equal(await readFile(file, 'utf8'), 'dddddddd');
  });
});
