import { runHere } from './run-here.mjs'

runHere('test/history/check-history.ts')
