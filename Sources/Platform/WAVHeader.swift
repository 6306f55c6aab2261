internal import Glibc

/// Where the sound lies in a WAV file.
struct WAVHeader {
    let soundOffset: Int
    let soundBytes: Int

    /// Written while the length is not known yet.
    static let unknownLength: UInt32 = 0xFFFF_FFFF
    static let soundBytesMax = Int(UInt32.max) - 44
    /// A real file has a handful of chunks before its sound; a hostile one could have a billion.
    private static let chunksMax = 64

    /// The canonical 44 bytes. `soundBytes` nil: not known yet.
    static func bytes(format: WAVFormat, soundBytes: Int?) -> [UInt8] {
        func four(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }
        func two(_ value: Int) -> [UInt8] { [UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8)] }
        let sound = soundBytes.map { UInt32(truncatingIfNeeded: $0) }
        var header = Array("RIFF".utf8) + four(sound.map { $0 + 36 } ?? unknownLength) + Array("WAVEfmt ".utf8)
        header += four(16) + two(1) + two(format.channels) + four(UInt32(truncatingIfNeeded: format.framesPerSecond))
        header += four(UInt32(truncatingIfNeeded: format.framesPerSecond * format.bytesPerFrame))
        header += two(format.bytesPerFrame) + two(16) + Array("data".utf8) + four(sound ?? unknownLength)
        return header
    }

    init(of file: FileDescriptor, path: String, wanted: WAVFormat) throws(WAVError) {
        let fileBytes = try Self.size(of: file, path: path)
        let riff = try Self.read(file, at: 0, count: 12, path: path)
        guard riff.count == 12, riff[0..<4].elementsEqual("RIFF".utf8), riff[8..<12].elementsEqual("WAVE".utf8) else {
            throw .notWAV(path: path, reason: fileBytes == 0 ? "the file is empty" : "no RIFF/WAVE header")
        }
        var offset = 12
        var formatSeen = false
        for _ in 0..<Self.chunksMax {
            let head = try Self.read(file, at: offset, count: 8, path: path)
            guard head.count == 8 else {
                throw .notWAV(path: path, reason: formatSeen ? "no sound (data chunk)" : "no format (fmt chunk)")
            }
            let length = Int(Self.number(head[4..<8]))
            if head[0..<4].elementsEqual("fmt ".utf8) {
                try Self.check(Self.read(file, at: offset + 8, count: min(length, 40), path: path), path, wanted)
                formatSeen = true
            } else if head[0..<4].elementsEqual("data".utf8) {
                guard formatSeen else { throw .notWAV(path: path, reason: "sound before its format") }
                guard length != Int(Self.unknownLength) else { throw .neverClosed(path: path) }
                let present = fileBytes - offset - 8
                guard length <= present else {
                    throw .truncated(path: path, promisedBytes: length, presentBytes: present)
                }
                guard length % wanted.bytesPerFrame == 0 else {
                    throw .notWAV(path: path, reason: "\(length) bytes of sound are no whole number of frames")
                }
                soundOffset = offset + 8
                soundBytes = length
                return
            }
            offset += 8 + length + length % 2
        }
        throw .notWAV(path: path, reason: "more than \(Self.chunksMax) chunks before the sound")
    }

    private static func check(_ fields: [UInt8], _ path: String, _ wanted: WAVFormat) throws(WAVError) {
        guard fields.count >= 16 else { throw .notWAV(path: path, reason: "the format (fmt chunk) is too short") }
        let tag = Int(number(fields[0..<2]))
        let channels = Int(number(fields[2..<4]))
        let rate = Int(number(fields[4..<8]))
        let bits = Int(number(fields[14..<16]))
        guard tag == 1, bits == 16, channels == wanted.channels, rate == wanted.framesPerSecond else {
            let kind = tag == 1 ? "PCM" : "format \(tag)"
            throw .otherFormat(
                path: path, found: "\(kind) of \(bits) bits, \(channels) channels, \(rate) Hz",
                wanted: "PCM of 16 bits, \(wanted.channels) channels, \(wanted.framesPerSecond) Hz")
        }
    }

    private static func size(of file: FileDescriptor, path: String) throws(WAVError) -> Int {
        var facts = stat()
        guard fstat(file.number, &facts) == 0 else { throw .system(SystemError("stat \(path)")) }
        guard facts.st_mode & S_IFMT == S_IFREG else { throw .notWAV(path: path, reason: "not a regular file") }
        return Int(facts.st_size)
    }

    private static func read(
        _ file: FileDescriptor, at offset: Int, count: Int, path: String
    ) throws(WAVError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        do throws(SystemError) {
            let got = try retrying("read \(path)") { pread(file.number, &bytes, count, offset) }
            bytes.removeLast(count - got)
        } catch {
            throw .system(error)
        }
        return bytes
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
}
