import { ensureBuilt } from './build.mjs'
import { ensureInstalled } from './install.mjs'
import { runHere } from './run-here.mjs'
import { ensureSystemPackages, systemNeedsOf } from './system-packages.mjs'

ensureInstalled()
ensureBuilt(['server', 'client'])
ensureSystemPackages(systemNeedsOf(['test/chaos/chaos.test.ts']))
runHere('test/chaos/chaos.ts')
