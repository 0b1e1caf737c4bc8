/**
 * Makes build/offhook: the package as it is published, compiled, with the contract bundled inside it, so that
 * it needs nothing of this checkout but what npm installs. Development never needs it: Node runs the .ts files.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { reportDashboard } from './dashboard.ts';

const root = join(import.meta.dirname, '..');
const compiled = join(root, 'build/compiled');
const staged = join(root, 'build/offhook');
const stagedContract = join(staged, 'node_modules/@offhook/contract');

type Manifest = Record<string, unknown> & { version: string };

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest;
}

function writeManifest(folder: string, manifest: Manifest): void {
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

await reportDashboard({ isStrict: true });
if (process.exitCode === 1) process.exit();
const dashboard = join(root, 'hub/dashboard');
// The package is what users run: without its pages it is not whole.
if (!existsSync(dashboard)) throw new Error('There is no dashboard to put into the package.');

rmSync(join(root, 'build/compiled'), { recursive: true, force: true });
rmSync(staged, { recursive: true, force: true });
execFileSync('npx', ['tsc', '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });

mkdirSync(stagedContract, { recursive: true });
cpSync(join(compiled, 'contract/src'), join(stagedContract, 'dist'), { recursive: true });
for (const folder of ['vectors', 'schemas']) {
  cpSync(join(root, 'contract', folder), join(stagedContract, folder), { recursive: true });
}
writeManifest(stagedContract, {
  ...readManifest('contract'),
  exports: { './vectors/*': './vectors/*', './schemas/*': './schemas/*', './*': './dist/*.js' },
});

cpSync(join(compiled, 'hub/src'), join(staged, 'dist'), { recursive: true });
// What tsc does not copy: SQL files (and whatever else stands beside the code and is read at run time).
cpSync(join(root, 'hub/src'), join(staged, 'dist'), {
  recursive: true,
  filter: (source) => !source.endsWith('.ts') && !source.endsWith('/conformance'),
});
cpSync(dashboard, join(staged, 'dashboard'), {
  recursive: true,
  filter: (source) => !source.endsWith('/.build.json'),
});
cpSync(join(root, 'hub/bin'), join(staged, 'bin'), { recursive: true });
for (const file of ['README.md', 'LICENSE', 'CHANGELOG.md']) {
  if (existsSync(join(root, file))) cpSync(join(root, file), join(staged, file));
}
writeManifest(staged, {
  ...readManifest('hub'),
  files: ['bin', 'dist', 'dashboard'],
  bundleDependencies: ['@offhook/contract'],
});
process.stdout.write(`built ${staged}\n`);
