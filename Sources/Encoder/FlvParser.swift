/// One FLV tag: a packet of sound, picture or metadata (Adobe Flash Video File Format 10.1, annex E).
struct FlvTag: Sendable {
    enum Kind: UInt8, Sendable {
        case audio = 8
        case video = 9
        case script = 18
    }

    let kind: Kind
    /// Milliseconds. As parsed: ffmpeg's own, which wrap at 2^31; as broadcast: the station's, which do not.
    var milliseconds: Int
    let body: [UInt8]

    /// Codec configuration: needed once by a decoder before the first packet.
    var isSequenceHeader: Bool { kind != .script && body.count > 1 && body[1] == 0 && codecHasHeader }
    var isKeyframe: Bool { kind == .video && (body.first ?? 0) >> 4 == 1 }

    // AAC is sound format 10, H.264 picture codec 7.
    private var codecHasHeader: Bool {
        guard let first = body.first else { return false }
        return kind == .audio ? first >> 4 == 10 : first & 15 == 7
    }

    /// The bytes of the tag, with its time counted from `base` and followed by its length as FLV wants it.
    func bytes(base: Int) -> [UInt8] {
        let time = UInt32(truncatingIfNeeded: max(0, milliseconds - base) & 0x7fff_ffff)
        let size = UInt32(body.count)
        var out: [UInt8] = []
        out.reserveCapacity(body.count + 15)
        out.append(kind.rawValue)
        out += [UInt8(size >> 16 & 255), UInt8(size >> 8 & 255), UInt8(size & 255)]
        out += [UInt8(time >> 16 & 255), UInt8(time >> 8 & 255), UInt8(time & 255), UInt8(time >> 24 & 127), 0, 0, 0]
        out += body
        let back = size + 11
        out += [UInt8(back >> 24 & 255), UInt8(back >> 16 & 255), UInt8(back >> 8 & 255), UInt8(back & 255)]
        return out
    }

    /// What an FLV stream with sound and picture begins with.
    static let streamHeader: [UInt8] = [0x46, 0x4c, 0x56, 1, 5, 0, 0, 0, 9, 0, 0, 0, 0]
}

/// Cuts ffmpeg's FLV output into tags.
struct FlvParser {
    private var pending: [UInt8] = []
    private var headerSeen = false
    /// A packet longer than this is not one: 1080p keyframes at the highest rates are well under it.
    private static let bodyBytesMax = 8 << 20

    /// Adds bytes and returns the tags now complete.
    mutating func add(_ bytes: [UInt8]) throws(EncoderError) -> [FlvTag] {
        pending += bytes
        var tags: [FlvTag] = []
        var at = 0
        if !headerSeen {
            guard pending.count >= 13 else { return [] }
            guard Array(pending.prefix(3)) == Array(FlvTag.streamHeader.prefix(3)) else {
                throw .notFlv("it does not begin with FLV")
            }
            headerSeen = true
            at = 13
        }
        while pending.count - at >= 11 {
            let size = Int(pending[at + 1]) << 16 | Int(pending[at + 2]) << 8 | Int(pending[at + 3])
            guard size <= Self.bodyBytesMax else { throw .notFlv("a packet of \(size) bytes") }
            guard pending.count - at >= 11 + size + 4 else { break }
            let low = Int(pending[at + 4]) << 16 | Int(pending[at + 5]) << 8 | Int(pending[at + 6])
            let time = Int(pending[at + 7] & 127) << 24 | low
            // Kinds that we do not know are skipped, as the format asks.
            if let kind = FlvTag.Kind(rawValue: pending[at] & 31) {
                tags.append(
                    FlvTag(kind: kind, milliseconds: time, body: Array(pending[at + 11..<at + 11 + size])))
            }
            at += 11 + size + 4
        }
        pending.removeFirst(at)
        return tags
    }
}
