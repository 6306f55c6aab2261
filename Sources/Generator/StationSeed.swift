internal import FoundationEssentials
internal import Platform

/// Where the tracks' seeds come from. All tracks of one turn of a prompt share a seed, so that they can continue each
/// other; no two turns ever do, because numbers only grow.
struct StationSeed {
    private let origin: UInt64

    /// - Parameters:
    ///   - configured: the operator's own seed.
    ///   - directory: where, without one, a random seed is kept, so that every generator of the station has the same.
    init(configured: UInt64?, directory: String) throws {
        if let configured {
            origin = configured
            return
        }
        let file = directory + "/seed"
        if let data = FileManager.default.contents(atPath: file),
            let kept = UInt64(String(decoding: data, as: UTF8.self))
        {
            origin = kept
            return
        }
        let drawn = UInt64.random(in: 1...UInt64.max)
        try AtomicFile.write(Data(String(drawn).utf8), to: file)
        origin = drawn
    }

    /// The seed for one slot of the Buffer.
    /// - Parameter refusals: how often what came of this slot was refused; each try has another seed, or a track that
    ///   was refused once would be composed and refused for ever.
    func seed(number: Int, positionInPrompt: Int, refusals: Int = 0) -> UInt64 {
        // One step of SplitMix64 (Steele, Lea, Flood 2014), so that neighbouring turns have nothing in common.
        var mixed = origin &+ UInt64(truncatingIfNeeded: number - positionInPrompt) &* 0x9e37_79b9_7f4a_7c15
        mixed ^= UInt64(truncatingIfNeeded: refusals) &* 0xd134_2543_de82_ef95
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
