// What a renderer and its clients say to each other over HTTP; the page is Sources/RenderServer/README.md. Optional
// members may be absent or null, unknown ones are ignored.

/// The body of `PUT /v1/jobs/{id}`.
public struct RenderJobRequest: Codable, Sendable, Hashable {
    public var items: [RenderItem]

    public init(items: [RenderItem]) { self.items = items }
}

/// One track that is asked for, as in the plug-in protocol.
public struct RenderItem: Codable, Sendable, Hashable {
    public struct Prompt: Codable, Sendable, Hashable {
        public var index: Int?
        public var name: String?
        public var text: String
    }

    public var id: String
    public var prompt: Prompt
    public var seconds: Double
    /// A whole number below 2^64: JSON's numbers do not carry it.
    public var seed: String
    public var turn: String?
    public var position: Int?
    public var continues: [Int]?
}

public enum RenderJobState: String, Codable, Sendable {
    case queued, rendering, done, failed, cancelled

    /// Nothing more will come of it.
    public var isOver: Bool { self == .done || self == .failed || self == .cancelled }
}

/// The answer to `PUT` and `GET /v1/jobs/{id}`.
public struct RenderJobView: Codable, Sendable, Hashable {
    public var id: String
    public var state: RenderJobState
    /// 0...1
    public var progress: Double
    /// Grows with every change but the progress.
    public var version: Int
    /// Those that are there.
    public var tracks: [RenderedFile]
    public var failed: [RenderFailure]

    public init(
        id: String, state: RenderJobState, progress: Double, version: Int, tracks: [RenderedFile],
        failed: [RenderFailure]
    ) {
        self.id = id
        self.state = state
        self.progress = progress
        self.version = version
        self.tracks = tracks
        self.failed = failed
    }
}

/// A track that is there to be fetched.
public struct RenderedFile: Codable, Sendable, Hashable {
    /// The item's.
    public var id: String
    public var bytes: Int
    public var sha256: String
    /// As asked for.
    public var seconds: Double
    public var title: String?
    public var continued: Int?
    public var provenance: RenderProvenance

    public init(
        id: String, bytes: Int, sha256: String, seconds: Double, title: String?, continued: Int?,
        provenance: RenderProvenance
    ) {
        self.id = id
        self.bytes = bytes
        self.sha256 = sha256
        self.seconds = seconds
        self.title = title
        self.continued = continued
        self.provenance = provenance
    }
}

/// What made a track.
public struct RenderProvenance: Codable, Sendable, Hashable {
    public var backend: String
    public var model: String?
    public var licence: String?
    public var nonCommercial: Bool?
    public var renderSeconds: Double?

    public init(
        backend: String, model: String?, licence: String?, nonCommercial: Bool?, renderSeconds: Double?
    ) {
        self.backend = backend
        self.model = model
        self.licence = licence
        self.nonCommercial = nonCommercial
        self.renderSeconds = renderSeconds
    }
}

/// An item that will not be rendered.
public struct RenderFailure: Codable, Sendable, Hashable {
    public var id: String
    public var why: String

    public init(id: String, why: String) {
        self.id = id
        self.why = why
    }
}

/// The answer to `GET /v1/health`, for whoever may ask; anybody else sees `alive` alone.
public struct RendererHealth: Codable, Sendable, Hashable {
    public struct Backend: Codable, Sendable, Hashable {
        public var name: String
        public var model: String
        public var licence: String?
        public var nonCommercial: Bool
        public var batchMax: Int
        public var continues: Bool
        /// Until it is asked again after a failure.
        public var restSeconds: Double
        public var why: String?

        public init(
            name: String, model: String, licence: String?, nonCommercial: Bool, batchMax: Int, continues: Bool,
            restSeconds: Double, why: String?
        ) {
            self.name = name
            self.model = model
            self.licence = licence
            self.nonCommercial = nonCommercial
            self.batchMax = batchMax
            self.continues = continues
            self.restSeconds = restSeconds
            self.why = why
        }
    }

    public var alive: Bool
    public var backends: [Backend]?
    public var batchMax: Int?
    public var continues: Bool?
    public var licence: String?
    public var nonCommercial: Bool?
    public var queueTracks: Int?
    public var queueTracksMax: Int?
    /// Seconds of music a second, as measured; absent until then.
    public var realTimeFactor: Double?
    public var memoryBytes: Int?

    public init(alive: Bool) { self.alive = alive }
}

/// The body of every answer that is a refusal.
public struct RenderRefusal: Codable, Sendable, Hashable {
    public var error: String

    public init(error: String) { self.error = error }
}
