// SPDX-License-Identifier: Apache-2.0
// Finds the npm modules that ./setup installed outside the source tree. A bare `import` would look beside this file only.

import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

/** Where ./setup installs: ENCLUME_INTEROP_DEPS, or build/deps/interop of this checkout. */
export const depsDir = process.env.ENCLUME_INTEROP_DEPS ?? join(here, '..', '..', '..', 'build', 'deps', 'interop');

/** A `require` that resolves against one of the two module trees: 'js' or 'peers'. */
export function requireFrom(tree) {
  return createRequire(join(depsDir, tree, 'package.json'));
}

/** The path of a file inside an installed package, whatever the package's export map says. */
export function modulePath(tree, ...parts) {
  return join(depsDir, tree, 'node_modules', ...parts);
}

export function isInstalled(tree, name) {
  return existsSync(modulePath(tree, name, 'package.json'));
}
