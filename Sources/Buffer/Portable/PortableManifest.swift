public import Domain

/// The contents of a portable buffer, for whoever takes it in: `manifest.json` beside its `audio_buffer`.
///
/// A track is written down before its file is put in place, so a manifest may name a file that is not there yet, and
/// never misses one that is.
public struct PortableManifest: Codable, Sendable, Equatable {
    public static let fileName = "manifest.json"
    public static let currentVersion = 1
    /// A thousand hours of ten-second tracks take less.
    public static let bytesMax = 512 << 20

    public var version = currentVersion
    /// Names this portable buffer wherever it goes; hexadecimal digits.
    public var id: String
    public var settings: PortableSettings
    /// By number.
    public var tracks: [PortableTrack]

    public init(id: String, settings: PortableSettings, tracks: [PortableTrack] = []) {
        self.id = id
        self.settings = settings
        self.tracks = tracks
    }

    /// Why this cannot be one of ours, or nil. Whoever made it may have been anybody.
    public var flaw: String? {
        if version != Self.currentVersion { return "version \(version), this program knows \(Self.currentVersion)" }
        if !(8...64).contains(id.utf8.count) || !id.allSatisfy({ $0.isHexDigit }) { return "an id that is none" }
        if let flaw = settings.flaw { return flaw }
        var seen: Set<String> = []
        for track in tracks {
            if let flaw = track.flaw(promptCount: settings.prompts.count) { return "track \(track.number): \(flaw)" }
            if !seen.insert(track.file).inserted { return "\(track.file) is there twice" }
        }
        return nil
    }
}

/// What the tracks of a portable buffer were made for.
public struct PortableSettings: Codable, Sendable, Equatable {
    public var trackSeconds: Int
    public var promptSeconds: Int
    public var loudnessLufs: Double
    public var truePeakDbtp: Double
    /// With their texts.
    public var prompts: [Prompt]

    public init(
        trackSeconds: Int, promptSeconds: Int, loudnessLufs: Double, truePeakDbtp: Double, prompts: [Prompt]
    ) {
        self.trackSeconds = trackSeconds
        self.promptSeconds = promptSeconds
        self.loudnessLufs = loudnessLufs
        self.truePeakDbtp = truePeakDbtp
        self.prompts = prompts
    }

    /// The first thing in which `other` is not the same; nil when tracks of one fit between those of the other.
    public func difference(from other: PortableSettings) -> String? {
        if trackSeconds != other.trackSeconds {
            return "tracks of \(trackSeconds) s there, of \(other.trackSeconds) s here (track_seconds)"
        }
        if promptSeconds != other.promptSeconds {
            return "\(promptSeconds) s of a prompt there, \(other.promptSeconds) s here (prompt_seconds)"
        }
        if loudnessLufs != other.loudnessLufs {
            return "\(loudnessLufs) LUFS there, \(other.loudnessLufs) here (loudness_lufs)"
        }
        return truePeakDbtp == other.truePeakDbtp
            ? nil : "\(truePeakDbtp) dBTP there, \(other.truePeakDbtp) here (true_peak_dbtp)"
    }

    /// As `difference`, the prompts included.
    public func anyDifference(from other: PortableSettings) -> String? {
        if let difference = difference(from: other) { return difference }
        for (one, another) in zip(prompts, other.prompts) where one != another {
            return "prompt \(one.index) is \"\(one.name)\" there, \"\(another.name)\" here, or its text is another"
        }
        return prompts.count == other.prompts.count
            ? nil : "\(prompts.count) prompts there, \(other.prompts.count) here"
    }

    var flaw: String? {
        guard (1...21_600).contains(trackSeconds), (trackSeconds...86_400 * 7).contains(promptSeconds) else {
            return "tracks of \(trackSeconds) s in prompts of \(promptSeconds) s"
        }
        guard (1...1000).contains(prompts.count), prompts.enumerated().allSatisfy({ $0 == $1.index }) else {
            return "prompts that do not count from 0"
        }
        return loudnessLufs.isFinite && truePeakDbtp.isFinite ? nil : "a loudness that is none"
    }
}

/// One track of a portable buffer.
public struct PortableTrack: Codable, Sendable, Equatable {
    public var number: Int
    public var promptIndex: Int
    public var positionInPrompt: Int
    /// The file's name in `audio_buffer`.
    public var file: String
    public var frames: Int
    /// Of the file's bytes, lower-case hexadecimal.
    public var sha256: String
    public var title: String
    public var provenance: Provenance
    /// The licence of what made it forbids earning money with it.
    public var nonCommercial: Bool

    public init(
        number: Int, promptIndex: Int, positionInPrompt: Int, file: String, frames: Int, sha256: String, title: String,
        provenance: Provenance, nonCommercial: Bool
    ) {
        self.number = number
        self.promptIndex = promptIndex
        self.positionInPrompt = positionInPrompt
        self.file = file
        self.frames = frames
        self.sha256 = sha256
        self.title = title
        self.provenance = provenance
        self.nonCommercial = nonCommercial
    }

    /// Bytes of the file.
    public var bytes: Int { frames * StationAudio.bytesPerFrame + 44 }

    func flaw(promptCount: Int) -> String? {
        // The name decides what is read and written: it must be one that the Buffer itself gives.
        guard let name = ChunkName(file: file), name.number == number, name.promptIndex == promptIndex else {
            return "\"\(file.prefix(100))\" is not its file's name"
        }
        guard Slot(number: number, promptIndex: promptIndex, positionInPrompt: positionInPrompt).isSound,
            promptIndex < promptCount, (1...TrackEntry.framesMax).contains(frames)
        else { return "a negative or absurd figure" }
        return Self.isDigest(sha256) ? nil : "a checksum that is none"
    }

    static func isDigest(_ text: String) -> Bool {
        text.utf8.count == 64 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
