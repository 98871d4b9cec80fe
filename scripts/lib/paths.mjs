// Where things are in a checkout. Built-ins only: this runs straight after `git clone`.
import { join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../..');
export const inRoot = (...parts) => join(root, ...parts);
export const modules = inRoot('node_modules');
/** The Node that everything runs on after set-up, whichever one started the scripts. */
export const node = join(modules, '.bin/node');
export const tool = (name) => join(modules, '.bin', name);
/** What build.mjs makes and a host gets as /opt/reberth. */
export const dist = inRoot('dist/reberth');

/** The environment of programs from node_modules: their `#!/usr/bin/env node` finds the pinned Node first. */
export const environment = (extra = {}) => ({ ...process.env, PATH: `${join(modules, '.bin')}:${process.env.PATH ?? ''}`, ...extra });
