import type { Bench } from './bench';

/** Every benchmark by its name. Each is a module of its own, loaded when it is asked for. */
const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  platform: async () => (await import('./platform')).platformBench,
  logs: async () => (await import('./logs')).logsBench,
  redact: async () => (await import('./redact')).redactBench,
  logdoc: async () => (await import('./logDocument')).logDocumentBench,
  activation: async () => (await import('./activation')).activationBench,
  tree: async () => (await import('./tree')).treeBench,
  connect: async () => (await import('./connect')).connectBench,
  files: async () => (await import('./files')).filesBench,
  terminal: async () => (await import('./terminal')).terminalBench,
  agents: async () => (await import('./agents/agents')).agentsBench,
  changes: async () => (await import('./changes')).changesBench,
};

const [name = '', ...words] = process.argv.slice(2);
const load = Object.hasOwn(benches, name) ? benches[name] : undefined;
if (load === undefined) {
  console.error(`usage: npm run bench -- NAME [--json]\nbenchmarks: ${Object.keys(benches).join(', ')}`);
  process.exitCode = 2;
} else {
  const bench = await load();
  console.log(bench.about);
  const report = await bench.run(
    words.filter((word) => word !== '--json'),
    (line) => console.log(line),
  );
  for (const aim of report.aims) {
    console.log(
      `${aim.met ? 'met    ' : 'NOT MET'}  ${aim.name}: ${Math.round(aim.value * 100) / 100} (aim: ${aim.goal})`,
    );
  }
  if (words.includes('--json')) console.log(JSON.stringify(report));
  if (report.aims.some((aim) => !aim.met)) process.exitCode = 1;
}
