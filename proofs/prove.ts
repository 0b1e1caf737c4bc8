/**
 * `npm run prove -- <name> [--size full|small] [--seed N]`: runs one proof, prints its seed and figures, keeps them in
 * proofs/results/<name>.json and exits 1 where the promise did not hold. A small run shows that the proof itself works;
 * it replaces no full result.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';

export interface ProofOptions {
  readonly size: 'full' | 'small';
  readonly seed: number;
}

export interface ProofResult {
  readonly passed: boolean;
  readonly figures: Readonly<Record<string, number | string>>;
}

type Proof = (options: ProofOptions) => Promise<ProofResult>;

/** Every proof, loaded only when it is asked for. */
const PROOFS: Readonly<Record<string, () => Promise<Proof>>> = {
  durability: async () => (await import('./durability.ts')).proveDurability,
  simulation: async () => (await import('./simulation.ts')).proveSimulation,
  isolation: async () => (await import('./isolation.ts')).proveIsolation,
  signatures: async () => (await import('./signatures.ts')).proveSignatures,
  crm: async () => (await import('./crm.ts')).proveCrm,
  dashboard: async () => (await import('./dashboard.ts')).proveDashboard,
  redis: async () => (await import('./redis.ts')).proveRedis,
};

process.exitCode = await prove(process.argv.slice(2));

async function prove(args: readonly string[]): Promise<number> {
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { size: { type: 'string', default: 'full' }, seed: { type: 'string' } },
  });
  const [name = '', ...others] = positionals;
  const load = PROOFS[name];
  const { size } = values;
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
  const isUsable = load !== undefined && others.length === 0 && (size === 'full' || size === 'small');
  if (!isUsable || !Number.isSafeInteger(seed) || seed < 0) {
    process.stderr.write(
      `Usage: npm run prove -- <${Object.keys(PROOFS).join('|')}> [--size full|small] [--seed N]\n`,
    );
    return 2;
  }

  process.stdout.write(`${name}, ${size}, seed ${seed}\n`);
  const proof = await load();
  const startedAtMs = performance.now();
  const { passed, figures } = await proof({ size, seed });
  const seconds = Math.round((performance.now() - startedAtMs) / 100) / 10;

  const rows = Object.entries({ ...figures, seconds });
  const width = Math.max(...rows.map(([label]) => label.length));
  for (const [label, value] of rows) process.stdout.write(`  ${label.padEnd(width)}  ${value}\n`);
  process.stdout.write(passed ? 'The promise held.\n' : 'The promise did NOT hold.\n');
  keepResult(name, {
    proof: name,
    passed,
    date: new Date().toISOString(),
    size,
    seed,
    node: process.versions.node,
    sqlite: process.versions['sqlite'],
    cores: cpus().length,
    seconds,
    figures,
  });
  return passed ? 0 : 1;
}

function keepResult(name: string, result: Readonly<Record<string, unknown>>): void {
  const directory = new URL('./results/', import.meta.url);
  const file = new URL(`${name}.json`, directory);
  if (result['size'] === 'small' && readSize(file) === 'full') return;
  mkdirSync(directory, { recursive: true });
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
}

function readSize(file: URL): string | undefined {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { size?: string }).size;
  } catch {
    return undefined;
  }
}
