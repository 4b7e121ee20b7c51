// SPDX-License-Identifier: Apache-2.0
// The SDKs, which ./setup installed outside the source tree: a bare `import` would look beside this file only.

import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

/** Where ./setup installs: ENCLUME_SDK_DEPS, or build/deps/sdk of this checkout. */
export const depsDir = process.env.ENCLUME_SDK_DEPS ?? join(here, '..', '..', '..', 'build', 'deps', 'sdk');

export const load = createRequire(join(depsDir, 'package.json'));

export const isInstalled = () => existsSync(join(depsDir, 'stamp')) && existsSync(join(depsDir, 'node_modules', 'openai', 'package.json'));

/** The version of an installed package. */
export const versionOf = (name) => load(join(depsDir, 'node_modules', name, 'package.json')).version;
