/// Where everything on one Buffer lies.
struct BufferPaths: Sendable {
    let root: String

    var buffer: String { root + "/audio_buffer" }
    var lock: String { buffer + "/buffer.lock" }
    var metadata: String { buffer + "/buffer_metadata.json" }
    var marks: String { buffer + "/buffer_marks.json" }
    /// Tracks being made; same file system as the Buffer, so that a rename puts them there.
    var staging: String { buffer + "/staging" }
    /// One lock file for each slot given out and not yet filled.
    var slots: String { buffer + "/slots" }
    var refused: String { buffer + "/refused" }
    /// Tracks from other Buffers, on their way in.
    var imports: String { buffer + "/import" }
    var importPlan: String { imports + "/plan.json" }
    var importLedger: String { imports + "/imported.json" }
    var evergreen: String { buffer + "/evergreen" }
    var evergreenIndex: String { evergreen + "/evergreen_index.json" }

    var directories: [String] { [root, buffer, staging, slots, refused, evergreen] }
}
