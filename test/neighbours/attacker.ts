import { ATTACKS } from './attacks.ts'
import type { Target } from './target.ts'

// The attacker's own process: `attacker.ts NAME SECONDS TARGET`. It always ends by itself.
const [name, seconds, target] = process.argv.slice(2)
const attack = ATTACKS.find((one) => one.name === name)
if (attack === undefined || target === undefined) throw new Error(`no attack ${name}`)
const signal = AbortSignal.timeout(Number(seconds) * 1000)
// What the server does to an attacker, closed sockets most of all, is what the attack is about.
process.on('uncaughtException', (error) => process.stderr.write(`${error.message}\n`))
process.on('unhandledRejection', (error) => process.stderr.write(`${String(error)}\n`))
// Sockets that are not read keep no process alive, nor does the signal.
setInterval(() => undefined, 1_000)
const tallies = [await attack.run(JSON.parse(target) as Target, signal)].flat()
process.stdout.write(tallies.join('; '), () => process.exit(0))
