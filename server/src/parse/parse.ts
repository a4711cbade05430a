export {
  isAbsent,
  isJsonObject,
  isShortText,
  type JsonArray,
  type JsonObject,
  type JsonValue,
  objectIn,
  optionalId,
  optionalString,
  optionalStrings,
  type Problems,
  refuse,
  refuseAny,
  requiredId,
} from './fields.ts'
export { QueryReader } from './query-reader.ts'
export { type Member, membersOf, parseJson, parseJsonBody, withoutMark } from './raw-json.ts'
