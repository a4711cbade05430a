import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Group } from './group.ts'

/** What Redis may take of a function: `no-writes` runs anywhere and again; `allow-oom` runs without memory, as it frees some. */
export type FunctionFlag = 'no-writes' | 'allow-oom'

/** The head of a function's file: what it is given, in order, and what it may. */
export type FunctionHead = {
  readonly args: readonly string[]
  readonly flags: readonly FunctionFlag[]
}

/** All functions as one library, named by its content, so that two versions of the service can share a Redis. */
export type Library = {
  readonly name: string
  readonly source: string
  /** By the name that Redis knows. */
  readonly functions: ReadonlyMap<string, FunctionHead>
  /** What Redis knows the functions as that carry out several of the others, one after the other. */
  readonly group: Group
  /** What Redis knows a function as. */
  nameOf(functionName: string): string
}

const FOLDER = new URL('../lua/', import.meta.url)

/** Reads the files beside the program. */
export function loadLibrary(): Library {
  const shared = filesOf('shared').map(({ body }) => `do\n${body}\nend`)
  const files = filesOf('functions')
  const functions = files.map(({ name, body }) => `F[${quoted(name)}] = ${inScope(body)}`)
  const heads = files.map(({ name, body }) => [name, headOf(body)] as const)
  const body = [HEAD, ...shared, ...functions, REGISTER].join('\n')
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 12)
  const name = `rollcall_${hash}`
  const nameOf = (functionName: string) => `${name}_${functionName}`
  const registered = heads.map(([functionName, { flags }]) => {
    return `register(${[functionName, nameOf(functionName)].map(quoted).join(', ')}, ${luaFlags(flags)})`
  })
  const group = { frugal: nameOf('GROUP_FRUGAL'), other: nameOf('GROUP') }
  registered.push(`register_group(${quoted(group.frugal)}, ${luaFlags(['allow-oom'])})`)
  registered.push(`register_group(${quoted(group.other)}, ${luaFlags([])})`)
  return {
    name,
    nameOf,
    group,
    source: [`#!lua name=${name}`, body, ...registered].join('\n'),
    functions: new Map(heads.map(([functionName, head]) => [nameOf(functionName), head])),
  }
}

/** What all files share. Redis calls nothing while it loads a library. */
const HEAD = `local S, F = {}, {}
local function call(...) return redis.call(...) end`

/**
 * Begins a call, runs it, and gives its reply with what else is to be told. A group has the same of several: of each the name, how
 * many arguments it has, and those; an error of one is no other's.
 */
const REGISTER = `local run_by_name = {}

local function register(own, name, flags)
  local function run(keys, args)
    if not S.begin(keys, args) and own ~= 'wake' then
      return redis.error_reply('NOPARTITION of Rollcall is here')
    end
    return S.reply(F[own](args))
  end
  run_by_name[name] = run
  redis.register_function({ function_name = name, callback = run, flags = flags })
end

local function run_one(name, keys, args)
  local is_done, reply = pcall(run_by_name[name], keys, args)
  if is_done and not reply.err then return { 1, reply } end
  return { 0, tostring(type(reply) == 'table' and reply.err or reply) }
end

local function run_group(keys, args)
  local replies, at = {}, 1
  while at <= #args do
    local own = {}
    for place = 1, tonumber(args[at + 1]) do own[place] = args[at + 1 + place] end
    replies[#replies + 1] = run_one(args[at], keys, own)
    at = at + 2 + #own
  end
  return replies
end

local function register_group(name, flags)
  redis.register_function({ function_name = name, callback = run_group, flags = flags })
end`

/** A file has names of its own. */
function inScope(body: string): string {
  return `(function()\n${body}\nend)()`
}

function luaFlags(flags: readonly FunctionFlag[]): string {
  return `{ ${flags.map(quoted).join(', ')} }`
}

function quoted(text: string): string {
  return JSON.stringify(text)
}

type LuaFile = { readonly name: string; readonly body: string }

/** In the order of their names. */
function filesOf(folder: string): readonly LuaFile[] {
  const path = fileURLToPath(new URL(`${folder}/`, FOLDER))
  const names = readdirSync(path).filter((name) => name.endsWith('.lua'))
  return names.sort().map((name) => ({
    name: name.slice(0, -'.lua'.length),
    body: readFileSync(`${path}${name}`, 'utf8'),
  }))
}

/** Reads the comment at the top of a function's file. */
export function headOf(body: string): FunctionHead {
  const line = (word: string) => new RegExp(`^-- ${word} (.*)$`, 'm').exec(body)?.[1] ?? ''
  const flags = line('Flags').split(' ').filter(isFlag)
  return { args: line('ARGV').split(' '), flags }
}

function isFlag(word: string): word is FunctionFlag {
  return word === 'no-writes' || word === 'allow-oom'
}
