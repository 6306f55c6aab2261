import HTTPServing
import Testing

@Suite("Parts of files")
struct ByteRangeTests {
    @Test(
        arguments: [
            (nil, ByteRange.whole), ("bytes=0-", .part(0..<100)), ("bytes=10-19", .part(10..<20)),
            ("bytes=90-500", .part(90..<100)), ("bytes=99-", .part(99..<100)), ("bytes=-10", .part(90..<100)),
            ("bytes=-500", .part(0..<100)), ("bytes=100-", .unsatisfiable), ("bytes=100-200", .unsatisfiable),
            ("bytes=-0", .unsatisfiable), ("bytes=5-2", .whole), ("bytes=-", .whole), ("bytes=a-b", .whole),
            ("bytes=1-2,5-6", .whole), ("lines=1-2", .whole), ("bytes=99999999999999999999-", .unsatisfiable),
            ("bytes=0-99999999999999999999", .part(0..<100)), ("bytes=+1-5", .whole),
        ] as [(String?, ByteRange)])
    func `A range is what the standard says it is`(header: String?, range: ByteRange) {
        #expect(ByteRange(header: header, bytes: 100) == range, "\(header ?? "none")")
    }

    @Test func `Nothing of an empty file can be asked for`() {
        #expect(ByteRange(header: "bytes=0-", bytes: 0) == .unsatisfiable)
        #expect(ByteRange(header: nil, bytes: 0) == .whole)
    }
}
