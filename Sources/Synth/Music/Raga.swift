internal import Glibc

/// A raga as far as this composer knows it. Pitches are semitones above the middle Sa; octaves repeat.
struct Raga: Sendable {
    let name: String
    /// Scale degrees allowed on the way up and on the way down, 0..<12, rising.
    let ascent: [Int]
    let descent: [Int]
    /// Notes a phrase may rest on.
    let rests: [Int]
    /// The tanpura's first string: Pa where the raga has it, else Ma or Ni.
    let droneDegree: Int
    /// Turns of phrase that name the raga.
    let signatures: [[Int]]
    /// Chords out of the raga's own notes, root first; a progression.
    let chords: [[Int]]

    static func degree(_ pitch: Int) -> Int {
        ((pitch % 12) + 12) % 12
    }

    func contains(_ pitch: Int) -> Bool {
        let degree = Raga.degree(pitch)
        return ascent.contains(degree) || descent.contains(degree)
    }

    /// The next note of the ascent above `pitch`.
    func above(_ pitch: Int) -> Int {
        for candidate in (pitch + 1)...(pitch + 12) where ascent.contains(Raga.degree(candidate)) { return candidate }
        return pitch + 12
    }

    /// The next note of the descent below `pitch`.
    func below(_ pitch: Int) -> Int {
        for distance in 1...12 where descent.contains(Raga.degree(pitch - distance)) { return pitch - distance }
        return pitch - 12
    }

    /// How many steps of the raga lie between two pitches, signed.
    func steps(from start: Int, to end: Int) -> Int {
        var pitch = start
        var count = 0
        while pitch < end, count < 64 {
            pitch = above(pitch)
            count += 1
        }
        if count > 0 { return count }
        while pitch > end, count < 64 {
            pitch = below(pitch)
            count += 1
        }
        return -count
    }

    /// Frequency of a pitch: halfway between just intonation, which the drone wants, and equal temperament, which the
    /// chords want; at most 8 cents from either.
    static func hertz(_ pitch: Int, tonic: Float) -> Float {
        let cents: [Float] = [0, 106, 202, 308, 393, 499, 595, 701, 807, 892, 998, 1_094]
        let degree = Raga.degree(pitch)
        let octave = (pitch - degree) / 12
        return tonic * exp2f(Float(octave) + cents[degree] / 1_200)
    }
}
