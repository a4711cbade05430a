import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DOCUMENTS } from './documents.ts'
import { ROOT } from './sources.ts'

// `npm run docs`.
for (const { path, text } of DOCUMENTS) writeFileSync(join(ROOT, path), await text())
