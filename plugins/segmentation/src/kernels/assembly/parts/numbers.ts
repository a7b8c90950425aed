/** The nearest 32-bit float. */
@inline
export function single(value: f64): f64 { return <f64>(<f32>value) }

/** The low 32 bits of a product. */
@inline
export function multiply(left: u32, right: u32): u32 { return left * right }
