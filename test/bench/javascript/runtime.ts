/** What AssemblyScript has built in, over one array buffer: lets esbuild turn a kernel's source into JavaScript. */
const BYTES = 3 * 2 ** 29
const buffer = new ArrayBuffer(BYTES)
const bytes = new Uint8Array(buffer)
const words = new Uint32Array(buffer)
const floats = new Float32Array(buffer)
const doubles = new Float64Array(buffer)
const longs = new BigUint64Array(buffer)

export const memory = {
  size: () => BYTES / 65536,
  grow: () => -1,
  copy: (target: number, source: number, count: number) => bytes.copyWithin(target, source, source + count),
  fill: (target: number, value: number, count: number) => bytes.fill(value, target, target + count),
  compare: (left: number, right: number, count: number) =>
    Buffer.compare(bytes.subarray(left, left + count), bytes.subarray(right, right + count)),
}
export const memoryBytes = bytes

export const load_u8 = (at: number, offset = 0): number => bytes[at + offset]!
export const load_u32 = (at: number, offset = 0): number => words[(at + offset) >>> 2]!
export const load_u64 = (at: number, offset = 0): bigint => longs[(at + offset) >>> 3]!
export const load_f32 = (at: number, offset = 0): number => floats[(at + offset) >>> 2]!
export const load_f64 = (at: number, offset = 0): number => doubles[(at + offset) >>> 3]!
export function store_u8(at: number, value: number, offset = 0): void {
  bytes[at + offset] = value
}
export function store_u32(at: number, value: number, offset = 0): void {
  words[(at + offset) >>> 2] = value
}
export function store_u64(at: number, value: bigint, offset = 0): void {
  longs[(at + offset) >>> 3] = value
}
export function store_f32(at: number, value: number, offset = 0): void {
  floats[(at + offset) >>> 2] = value
}
export function store_f64(at: number, value: number, offset = 0): void {
  doubles[(at + offset) >>> 3] = value
}
export { load_u64 as load_T, store_u64 as store_T }
export const sizeof = (): number => 8
export const { min, max, clz32: clz } = Math
export const ctz = (value: number): number => 31 - Math.clz32(value & -value)
