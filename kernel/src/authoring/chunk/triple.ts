/** Three numbers in z, y, x order. */
export type Zyx = readonly [z: number, y: number, x: number]

export const zyx = (z: number, y: number, x: number): Zyx => Object.freeze([z, y, x] as const)

type Operand = number | Zyx

const at = (operand: Operand, axis: number): number =>
  typeof operand === 'number' ? operand : operand[axis]!

const zip =
  (operation: (left: number, right: number) => number) =>
  (left: Zyx, right: Operand): Zyx =>
    zyx(operation(left[0], at(right, 0)), operation(left[1], at(right, 1)), operation(left[2], at(right, 2)))

/** Rounds towards minus infinity, as Python's `//`. */
export const floorDivide = (left: number, right: number): number => Math.floor(left / right)
/** Non-negative for a positive divisor, as Python's `%`. */
export const modulo = (left: number, right: number): number => left - Math.floor(left / right) * right

export const addZyx = zip((left, right) => left + right)
export const subtractZyx = zip((left, right) => left - right)
export const multiplyZyx = zip((left, right) => left * right)
export const divideZyx = zip((left, right) => left / right)
export const floorDivideZyx = zip(floorDivide)
export const ceilDivideZyx = zip((left, right) => Math.ceil(left / right))
export const moduloZyx = zip(modulo)
export const minimumZyx = zip(Math.min)
export const maximumZyx = zip(Math.max)

export const equalZyx = (left: Zyx, right: Zyx): boolean =>
  left[0] === right[0] && left[1] === right[1] && left[2] === right[2]
/** True when the relation holds on all three axes. */
export const everyAxis = (left: Zyx, right: Operand, relation: (a: number, b: number) => boolean): boolean =>
  relation(left[0], at(right, 0)) && relation(left[1], at(right, 1)) && relation(left[2], at(right, 2))

export const productZyx = (triple: Zyx): number => triple[0] * triple[1] * triple[2]
/** z, y, x to x, y, z and back. For format adapters only. */
export const reverseZyx = (triple: Zyx): Zyx => zyx(triple[2], triple[1], triple[0])
/** `64×64×32`, for messages. */
export const formatSize = (shape: readonly number[]): string => shape.join('×')
/** `64 64 32`, to be pasted on a command line. */
export const formatFlag = (triple: readonly number[]): string => triple.join(' ')
