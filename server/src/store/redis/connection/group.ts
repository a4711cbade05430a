import { list, number, text } from './answers.ts'
import type { Session } from './session.ts'
import { type Settled, settle } from './settled.ts'
import type { Waiting } from './waiting.ts'
import { type Answer, ReplyError } from './wire.ts'

/** What Redis knows the functions as that carry out several, by whether a Redis without memory takes them. */
export type Group = { readonly frugal: string; readonly other: string }

export type CarriedOut = {
  /** Of each command. */
  readonly settled: Promise<readonly Settled[]>
  /** Later: whether there are as many copies as asked for. */
  readonly haveCopies: Promise<boolean>
}

/** Carries out commands of one partition in one step: either none of them, or each after the other. */
export function carryOut(session: Session, commands: readonly Waiting[], names: Group): CarriedOut {
  const [first] = commands
  const isDurable = commands.some((command) => command.isDurable === true)
  const args = commands.length === 1 ? (first?.args ?? []) : together(commands, names)
  const { answer, haveCopies } = session.carryOut(args, isDurable)
  return { settled: settle(answer).then((settled) => ofEach(commands, settled)), haveCopies }
}

function together(commands: readonly Waiting[], { frugal, other }: Group): readonly (string | Buffer)[] {
  const [first] = commands
  const [, , base = ''] = first?.args ?? []
  const parts = commands.flatMap(({ args: [name = '', , , ...own] }) => [name, String(own.length), ...own])
  return [first?.company === 'frugal' ? frugal : other, '1', base, ...parts]
}

function ofEach(commands: readonly Waiting[], settled: Settled): readonly Settled[] {
  if (settled.kind === 'failed' || commands.length === 1) return commands.map(() => settled)
  return list(settled.answer).map(ofPart)
}

function ofPart(part: Answer): Settled {
  const [isDone, answer = null] = list(part)
  if (number(isDone) === 1) return { kind: 'answered', answer }
  return { kind: 'failed', error: new ReplyError(text(answer)) }
}
