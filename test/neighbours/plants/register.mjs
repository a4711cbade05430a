import { register } from 'node:module'

// For the built server: `--import` has it run with pieces of it put in another's place. See ../plants.ts.
register('./hooks.mjs', { parentURL: import.meta.url, data: JSON.parse(process.env['PLANTS'] ?? '[]') })
