import Buffer
import FoundationEssentials
import Platform
import Testing

struct WAVFileTests {
    private let scratch: Scratch
    init() throws { scratch = try Scratch() }

    @Test func `what is written piece by piece is read back at any frame`() throws {
        let path = scratch.root + "/a.wav"
        let wav = try WAVWriter(path: path, format: .station)
        let samples = (0..<2000).map { Int16($0) }
        try wav.append(Array(samples[..<600]))
        try wav.append(Array(samples[600...]))
        #expect(try wav.close() == 1000)
        let reader = try WAVReader(path: path, format: .station)
        #expect(reader.frames == 1000)
        #expect(try reader.read(at: 0, count: 5000) == samples)
        #expect(try reader.read(at: 299, count: 2) == [598, 599, 600, 601])
        #expect(try reader.read(at: 999, count: 4) == [1998, 1999])
        #expect(try reader.read(at: 1000, count: 1) == [])
        #expect(try reader.read(at: -1, count: 1) == [])
    }

    @Test func `chunks before and after the sound are passed over`() throws {
        let path = scratch.root + "/a.wav"
        try writeTrack(path, frames: 10, value: 5)
        var bytes = try scratch.read(path)
        bytes.insert(contentsOf: Array("LIST".utf8) + [3, 0, 0, 0] + [1, 2, 3, 0], at: 36)
        bytes += Array("id3 ".utf8) + [1, 0, 0, 0, 9, 0]
        try scratch.write(bytes, to: path)
        #expect(try WAVReader(path: path, format: .station).read(at: 9, count: 9) == [5, 5])
    }

    @Test func `a header cut off at any byte is refused in words and crashes nothing`() throws {
        let path = scratch.root + "/a.wav"
        try writeTrack(path, frames: 10)
        let whole = try scratch.read(path)
        for length in 0..<whole.count {
            try scratch.write(Array(whole[..<length]), to: path)
            #expect(throws: WAVError.self, "cut off at \(length)") { try WAVReader(path: path, format: .station) }
        }
    }

    @Test func `any one byte of the header may be any value without a crash`() throws {
        let path = scratch.root + "/a.wav"
        try writeTrack(path, frames: 10)
        let whole = try scratch.read(path)
        var refused = 0
        for place in 0..<44 {
            for value in [0, 1, 0x7F, 0x80, 0xFF] as [UInt8] {
                var bytes = whole
                bytes[place] = value
                try scratch.write(bytes, to: path)
                do {
                    #expect(try WAVReader(path: path, format: .station).frames <= 10)
                } catch {
                    refused += 1
                }
            }
        }
        #expect(refused > 100)
    }

    @Test func `a file whose writer died is known for what it is`() throws {
        let path = scratch.root + "/a.wav"
        let wav = try WAVWriter(path: path, format: .station)
        try wav.append([1, 2, 3, 4])
        #expect(throws: WAVError.neverClosed(path: path)) { try WAVReader(path: path, format: .station) }
    }

    @Test func `a directory is no track and a missing file says so`() throws {
        #expect(throws: WAVError.notWAV(path: scratch.root, reason: "not a regular file")) {
            try WAVReader(path: scratch.root, format: .station)
        }
        #expect(throws: WAVError.self) { try WAVReader(path: scratch.root + "/none.wav", format: .station) }
    }
}
