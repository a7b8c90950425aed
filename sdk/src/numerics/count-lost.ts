import {
  convertElements,
  DTYPES,
  type Dtype,
  elementAsNumber,
  isFloat,
  type TypedArray,
} from '@chunkflow/kernel/authoring'

/** Elements that are converted back at once. */
const PIECE = 2 ** 20

/**
 * How many values a conversion did not keep: integers that became another number (labels that wrapped, or that a float
 * rounded), finite floats that became infinite. Fractions and digits that a narrower float cannot have are no loss.
 * @param before,after as many elements
 */
export function countLost(before: TypedArray, from: Dtype, after: TypedArray, to: Dtype): number {
  if (from === to || to === 'bool' || keepsAll(from, to)) return 0
  let lost = 0
  for (let first = 0; first < before.length; first += PIECE) {
    const end = Math.min(before.length, first + PIECE)
    const [old, made] = [before.subarray(first, end), after.subarray(first, end)] as [TypedArray, TypedArray]
    lost += isFloat(from) ? countOverflows(old, from, made, to) : countChanges(old, from, made, to)
  }
  return lost
}

/** True when every value of one type is a value of the other. */
function keepsAll(from: Dtype, to: Dtype): boolean {
  if (isFloat(to))
    return isFloat(from) ? DTYPES[to].bytes >= DTYPES[from].bytes : DTYPES[from].bytes * 2 <= DTYPES[to].bytes
  if (isFloat(from)) return false
  return DTYPES[to].minimum! <= DTYPES[from].minimum! && DTYPES[to].maximum! >= DTYPES[from].maximum!
}

function countOverflows(before: TypedArray, from: Dtype, after: TypedArray, to: Dtype): number {
  if (!isFloat(to)) return 0
  let lost = 0
  for (let index = 0; index < before.length; index++)
    if (
      Number.isFinite(elementAsNumber(before, from, index)) &&
      !Number.isFinite(elementAsNumber(after, to, index))
    )
      lost += 1
  return lost
}

function countChanges(before: TypedArray, from: Dtype, after: TypedArray, to: Dtype): number {
  const back = convertElements(after, to, from)
  const movesSign =
    !isFloat(to) && DTYPES[from].kind !== DTYPES[to].kind && DTYPES[to].bytes >= DTYPES[from].bytes
  // what comes back unchanged and means another number: the sign bit moved (int32 -1 and uint32 2^32 - 1)
  const signed = (DTYPES[from].kind === 'signed' ? before : after) as Int32Array
  let lost = 0
  for (let index = 0; index < before.length; index++)
    if (back[index] !== before[index] || (movesSign && signed[index]! < 0)) lost += 1
  return lost
}

/** What to tell of such a conversion; undefined when nothing was lost. */
export const describeLoss = (lost: number, from: Dtype, to: Dtype): string | undefined =>
  lost === 0 ? undefined : `${lost} values of ${from} are other numbers in ${to}`
