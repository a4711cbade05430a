import { runHere } from './run-here.mjs'

runHere('test/sim/simulate.ts')
