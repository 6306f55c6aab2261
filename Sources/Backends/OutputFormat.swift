/// The formats that `lofisup generate` writes, by the extension of the file.
enum OutputFormat: String, CaseIterable {
    case wav, flac, m4a, mp3, ogg

    /// - Throws: `.unknownExtension`.
    init(of path: String) throws(BackendError) {
        let name = path.split(separator: "/").last ?? ""
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count >= 2, let format = OutputFormat(rawValue: parts[parts.count - 1].lowercased()) else {
            throw .unknownExtension(path: path, known: Self.allCases.map(\.rawValue))
        }
        self = format
    }

    /// What ffmpeg needs between input and output.
    var arguments: [String] {
        switch self {
        case .wav: ["-c:a", "copy", "-f", "wav"]
        case .flac: ["-c:a", "flac", "-f", "flac"]
        case .m4a: ["-c:a", "aac", "-b:a", "256k", "-movflags", "+faststart", "-f", "ipod"]
        case .mp3: ["-c:a", "libmp3lame", "-q:a", "1", "-f", "mp3"]
        case .ogg: ["-c:a", "libvorbis", "-q:a", "7", "-f", "ogg"]
        }
    }
}
