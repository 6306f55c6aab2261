import TestSupport
import Testing

@testable import Generator

struct StationSeedTests {
    @Test("the tracks of one turn of a prompt share a seed, and no two turns do")
    func turns() throws {
        let seed = try StationSeed(configured: 42, directory: "/nowhere")
        #expect(seed.seed(number: 7, positionInPrompt: 0) == seed.seed(number: 9, positionInPrompt: 2))
        let turns = Set((0..<1000).map { seed.seed(number: 1 + $0 * 60, positionInPrompt: 0) })
        #expect(turns.count == 1000)
    }

    @Test("a slot whose track was refused is tried with another seed every time")
    func refused() throws {
        let seed = try StationSeed(configured: 42, directory: "/nowhere")
        let tries = Set((0..<100).map { seed.seed(number: 7, positionInPrompt: 3, refusals: $0) })
        #expect(tries.count == 100)
    }

    @Test("without a configured seed every generator of a station finds the same one, and two stations differ")
    func kept() throws {
        try withTemporaryDirectory { one in
            try withTemporaryDirectory { other in
                let first = try StationSeed(configured: nil, directory: one).seed(number: 1, positionInPrompt: 0)
                #expect(try StationSeed(configured: nil, directory: one).seed(number: 1, positionInPrompt: 0) == first)
                #expect(
                    try StationSeed(configured: nil, directory: other).seed(number: 1, positionInPrompt: 0) != first)
            }
        }
    }
}
