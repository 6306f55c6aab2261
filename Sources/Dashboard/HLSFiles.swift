internal import FoundationEssentials
internal import Glibc
internal import Platform

/// The encoder's local HLS, read only, by plain names only.
struct HLSFiles: Sendable {
    /// Two seconds of video are well below; anything larger is not a segment.
    static let bytesMax = 32 << 20
    private static let types = [
        "m3u8": "application/vnd.apple.mpegurl", "mp4": "video/mp4", "m4s": "video/iso.segment", "ts": "video/mp2t",
    ]

    let directory: String

    /// The type a file of this name is served as; nil when the name is none that is served.
    static func contentType(of name: String) -> String? {
        guard name.utf8.count <= 128, let first = name.utf8.first, isPlain(first),
            name.utf8.allSatisfy({ isPlain($0) || $0 == UInt8(ascii: ".") }),
            let dot = name.lastIndex(of: "."), dot != name.startIndex
        else { return nil }
        return types[String(name[name.index(after: dot)...])]
    }

    /// The bytes of `name`; nil when there is no such file now: segments go as they age.
    func contents(of name: String) -> Data? {
        // No links and no devices: only what the encoder wrote here. Non-blocking, lest a pipe with no writer waits.
        guard let file = try? FileDescriptor.open("\(directory)/\(name)", O_RDONLY | O_NOFOLLOW | O_NONBLOCK) else {
            return nil
        }
        var facts = stat()
        guard fstat(file.number, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG, facts.st_size <= Self.bytesMax else {
            return nil
        }
        var data = Data(count: Int(facts.st_size))
        let count = data.withUnsafeMutableBytes { try? file.read(into: $0) }
        return count.map { data.prefix($0) }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
