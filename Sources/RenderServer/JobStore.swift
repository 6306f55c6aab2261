internal import Backends
internal import FoundationEssentials
internal import Glibc
internal import Platform

/// A job as it lies on disk.
struct StoredJob: Codable, Sendable {
    var id: String
    /// Jobs are served in this order.
    var order: Int
    var request: RenderJobRequest
    var state: RenderJobState
    var version: Int
    var tracks: [RenderedFile] = []
    var failed: [RenderFailure] = []
    /// How often a rendering of it was begun and not come back from, in a row: a job may be what ends the server.
    var begun = 0
    /// Seconds since 1970.
    var endedAt: Double?

    /// Items that nothing is known of yet.
    var open: [RenderItem] {
        let known = Set(tracks.map(\.id) + failed.map(\.id))
        return request.items.filter { !known.contains($0.id) }
    }

    var bytes: Int { tracks.reduce(0) { $0 + $1.bytes } }
}

/// The directory of jobs: one directory each, with `job.json` and a file for each track that is done. What was written
/// survives the server and a power cut.
struct JobStore: Sendable {
    private let directory: String
    /// Where backends write, on the same file system.
    let workDirectory: String
    private static let jobBytesMax = 4 << 20

    /// - Throws: when the directories cannot be made.
    init(directory: String) throws(SystemError) {
        self.directory = directory + "/jobs"
        workDirectory = directory + "/work"
        try Files.makeDirectory(self.directory)
        // What a dead server was about to make.
        try Files.removeTree(workDirectory)
        try Files.makeDirectory(workDirectory)
    }

    /// Every job there is, by age. What cannot be read is removed, and said.
    func load() throws(SystemError) -> [StoredJob] {
        var jobs: [StoredJob] = []
        for name in try Files.names(in: directory) {
            if let job = try read(name) {
                jobs.append(job)
            } else {
                Log.warning("\(directory)/\(name): no job that can be read; removed")
                try Files.removeTree("\(directory)/\(name)")
            }
        }
        return jobs.sorted { $0.order < $1.order }
    }

    private func read(_ name: String) throws(SystemError) -> StoredJob? {
        guard JobRules.isName(name),
            let bytes = try? Files.read("\(directory)/\(name)/job.json", bytesMax: Self.jobBytesMax),
            var job = try? StationJSON.decode(StoredJob.self, from: Data(bytes)), job.id == name
        else { return nil }
        let isWhole = { (track: RenderedFile) -> Bool in
            (try? Files.stamp(self.file(job: name, item: track.id)))?.bytes == track.bytes
        }
        let whole = job.tracks.filter(isWhole)
        if whole.count < job.tracks.count {
            job.tracks = whole
            job.state = .queued
            job.endedAt = nil
        }
        let wanted = Set(job.tracks.map { $0.id + ".track" } + ["job.json"])
        for file in try Files.names(in: "\(directory)/\(name)") where !wanted.contains(file) {
            try Files.removeTree("\(directory)/\(name)/\(file)")
        }
        return job
    }

    func save(_ job: StoredJob) throws {
        let place = "\(directory)/\(job.id)"
        try Files.makeDirectory(place)
        try AtomicFile.write(try StationJSON.encode(job), to: "\(place)/job.json")
        try Files.syncDirectory(directory)
    }

    /// Takes a backend's file for the track of an item; `save` makes it known.
    func adopt(_ file: String, job: String, item: String) throws(SystemError) {
        try Files.sync(file)
        try Files.move(file, to: self.file(job: job, item: item))
    }

    func file(job: String, item: String) -> String { "\(directory)/\(job)/\(item).track" }

    func remove(_ job: String) throws(SystemError) {
        // The record goes first: without it the rest is rubbish that the next start removes.
        try Files.remove("\(directory)/\(job)/job.json")
        try Files.removeTree("\(directory)/\(job)")
    }

    func freeBytes() -> Int? { try? DiskSpace.freeBytes(at: directory) }
}
