import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { tellUsage } from '../helpers/usage.ts'
import { Checker, Unjudgeable } from './checker.ts'
import { BadLine, parseLine } from './parse.ts'
import { tallyText, violationText } from './verdict-text.ts'

const USAGE = `Usage: npm run check-history -- [--need R1,R4,…] FILE

Judges the history in FILE (\`-\`: standard input) by the rules of test/history/README.md. Ends with 0 where all
hold, 1 where one is violated, 2 where FILE is no history, or a rule that is needed found nothing to look at.
`

type Wish = { readonly file: string; readonly needed: readonly string[] }

function parseArguments(args: readonly string[]): Wish | undefined {
  const [first, second, third] = args
  if (first === '--need' && second !== undefined && third !== undefined && args.length === 3)
    return { file: third, needed: second.split(',') }
  return first !== undefined && !first.startsWith('--') && args.length === 1
    ? { file: first, needed: [] }
    : undefined
}

async function check({ file, needed }: Wish): Promise<number> {
  const checker = new Checker((violation) => void process.stdout.write(`${violationText(violation)}\n`))
  const input = file === '-' ? process.stdin : createReadStream(file)
  // Reading fails in the stream, not in the lines.
  const failed = new Promise<never>((_, reject) => input.once('error', reject))
  await Promise.race([takeAll(createInterface({ input }), checker), failed])
  const verdict = checker.finish()
  process.stdout.write(tallyText(verdict))
  const idle = verdict.tallies.filter(
    ({ name, held, violated }) => needed.includes(name) && held + violated === 0,
  )
  for (const { name } of idle) process.stderr.write(`${name} found nothing to look at\n`)
  if (verdict.tallies.some(({ violated }) => violated > 0)) return 1
  return idle.length > 0 ? 2 : 0
}

/** Lines one after the other; the last may be cut off. */
async function takeAll(lines: AsyncIterable<string>, checker: Checker): Promise<void> {
  let number = 0
  let bad: Error | undefined
  for await (const text of lines) {
    number++
    if (bad !== undefined) throw bad
    if (text === '') continue
    try {
      checker.take(parseLine(text))
    } catch (error) {
      if (!(error instanceof BadLine)) throw error
      bad = new Unjudgeable(`line ${number} ${error.message}`)
    }
  }
  if (bad !== undefined) process.stderr.write(`the last line is left out: ${bad.message}\n`)
}

const wish = parseArguments(process.argv.slice(2))
process.exitCode =
  wish === undefined
    ? tellUsage(USAGE)
    : await check(wish).catch((error: unknown) => {
        process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
        return 2
      })
