/**
 * Tells how a program is called: whoever asks has it as the answer, anybody else as what is wrong.
 *
 * @returns the exit code
 */
export function tellUsage(usage: string, args = process.argv.slice(2)): 0 | 2 {
  const isAsked = args.includes('--help') || args.includes('-h')
  const to = isAsked ? process.stdout : process.stderr
  to.write(usage)
  return isAsked ? 0 : 2
}
