/** Stands in for the kernels' parts/memory. */
import { memory } from './runtime.js'

export const reserve = (end: number): boolean => end <= memory.size() * 65536
