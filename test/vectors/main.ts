import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { compare, parseRecord } from './record';
import { vectors } from './requests';
import { runVectors } from './runVectors';
import type { VectorAnswer } from './vector';

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    'session-key': { type: 'string' },
    record: { type: 'string' },
    server: { type: 'string' },
    all: { type: 'boolean' },
    only: { type: 'string' },
  },
});
if (values.url === undefined) {
  console.error(
    'usage: npm run vectors -- --url URL [--session-key K] [--only TEXT: those with it in their names] [--all: decided differences too] [--record FILE --server "NAME VERSION"]',
  );
  process.exitCode = 2;
} else {
  const server = { url: values.url.replace(/\/+$/, ''), sessionKey: values['session-key'] };
  const chosen = vectors.filter(({ name }) => name.includes(values.only ?? ''));
  const answers: Record<string, readonly VectorAnswer[]> = {};
  await runVectors(server, chosen, ({ name }, given) => {
    answers[name] = given;
    process.stderr.write('.');
  });
  process.stderr.write('\n');
  if (values.record !== undefined) {
    await writeFile(values.record, `${JSON.stringify({ server: values.server ?? 'unknown', answers }, null, 1)}\n`);
  } else {
    const record = parseRecord(JSON.parse(await readFile('test/vectors/openhands-0.62.0.json', 'utf8')));
    let differing = 0;
    for (const { name } of chosen) {
      const differences = compare(name, record, answers[name] ?? [], values.all !== true);
      differing += differences.length;
      differences.forEach((text) => console.log(text));
    }
    console.log(`${chosen.length} vectors, ${differing} answers other than those of ${record.server}.`);
    process.exitCode = differing === 0 ? 0 : 1;
  }
}
