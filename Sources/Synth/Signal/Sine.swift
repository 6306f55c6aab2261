/// Sine of a phase in turns, for a phase in -0.5...0.5. A corrected parabola: harmonics below -60 dB, no table.
@inline(__always)
func sine(turns x: Float) -> Float {
    let y = 8 * x - 16 * x * abs(x)
    return 0.225 * (y * abs(y) - y) + y
}

/// Brings a phase in turns, less than one turn astray, back to -0.5...0.5.
@inline(__always)
func wrapped(_ phase: Float) -> Float {
    phase > 0.5 ? phase - 1 : (phase < -0.5 ? phase + 1 : phase)
}

/// Brings any phase in turns, up to a million, to -0.5...0.5.
@inline(__always)
func wrappedFar(_ phase: Float) -> Float {
    // Adding and taking away 1.5 * 2^23 rounds to a whole number without the library call of older processors.
    phase - ((phase + 12_582_912) - 12_582_912)
}
