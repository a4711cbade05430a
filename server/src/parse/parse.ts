export {
  isAbsent,
  isJsonObject,
  isShortText,
  type JsonArray,
  type JsonObject,
  type JsonValue,
  noted,
  objectIn,
  type Problems,
  readId,
  readShortText,
  readText,
  readTexts,
  refuse,
  refuseAny,
  requiredId,
} from './fields.ts'
export { type Form, memberPath, optional, readForm, required, shownName } from './form.ts'
export { QueryReader } from './query-reader.ts'
export { type Member, membersOf, parseJson, parseJsonBody, withoutMark } from './raw-json.ts'
export {
  FormError,
  integerFrom,
  listOf,
  oneOf,
  type Reader,
  readFlag,
  textThat,
  valueThat,
} from './reader.ts'
