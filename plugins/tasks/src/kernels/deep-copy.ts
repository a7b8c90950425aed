import { cloneChunk, isChunk } from '@chunkflow/sdk'

type Elements = ArrayBufferView & {
  readonly constructor: new (buffer: ArrayBufferLike) => ArrayBufferView
}

/**
 * A copy that shares no memory with the value: chunks, typed arrays (shared memory stays shared memory of its own), lists,
 * maps and plain records with their brands. Functions and objects of other classes are handles and stay the same.
 */
export function deepCopy<T>(value: T): T {
  return copyOf(value, new Map()) as T
}

function copyOf(value: unknown, made: Map<object, unknown>): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (made.has(value)) return made.get(value)
  const remember = <C>(copy: C): C => {
    made.set(value, copy)
    return copy
  }
  if (isChunk(value)) return remember(cloneChunk(value))
  if (ArrayBuffer.isView(value)) return remember(copyOfView(value))
  if (Array.isArray(value)) {
    const copy: unknown[] = remember([])
    for (const item of value) copy.push(copyOf(item, made))
    return frozenAs(value, copy)
  }
  if (value instanceof Map) {
    const copy = remember(new Map<unknown, unknown>())
    for (const [key, item] of value) copy.set(copyOf(key, made), copyOf(item, made))
    return copy
  }
  if (value instanceof Set) {
    const copy = remember(new Set<unknown>())
    for (const item of value) copy.add(copyOf(item, made))
    return copy
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value
  const copy = remember(Object.create(prototype) as Record<PropertyKey, unknown>)
  // symbols too: they are the brands by which records are recognised
  for (const key of Reflect.ownKeys(value)) copy[key] = copyOf((value as typeof copy)[key], made)
  return frozenAs(value, copy)
}

const frozenAs = <C extends object>(original: object, copy: C): C =>
  Object.isFrozen(original) ? Object.freeze(copy) : copy

function copyOfView(view: ArrayBufferView): ArrayBufferView {
  const { byteLength } = view
  const buffer =
    view.buffer instanceof SharedArrayBuffer ? new SharedArrayBuffer(byteLength) : new ArrayBuffer(byteLength)
  if (Buffer.isBuffer(view)) return Buffer.from(view)
  const copy = new (view as Elements).constructor(buffer)
  // element by element of its own type: a view of bytes could not be long enough
  if (copy instanceof DataView)
    new Uint8Array(buffer).set(new Uint8Array(view.buffer, view.byteOffset, byteLength))
  else (copy as Uint8Array).set(view as Uint8Array)
  return copy
}
