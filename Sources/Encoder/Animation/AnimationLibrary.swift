internal import FoundationEssentials
internal import Glibc
internal import Platform

/// An mp4 that may be looped for ever without encoding it again (`-stream_loop -1 -i path -c:v copy`): H.264 High,
/// 4:2:0, bt709, constant rate, no B-frames, closed groups of two seconds, a whole number of them.
public struct PreparedAnimation: Sendable, Hashable {
    public let path: String
    public let format: PictureFormat
    /// A multiple of `PictureFormat.keyframeSeconds`.
    public let seconds: Int
    public let frames: Int
    /// H.264 profile: always `High`.
    public let profile: String
    /// H.264 level, as `3.1`.
    public let level: String
    /// Mean of what was encoded, in kilobits a second.
    public let kbps: Int
    /// True when nothing had to be made.
    public let fromCache: Bool
}

/// Prepares the station's looping picture, once for every content and format.
public struct AnimationLibrary: Sendable {
    private let cache: AnimationCache
    private let ffmpeg: String
    private let ffprobe: String

    /// Bytes of an operator's file that are still read.
    static let fileBytesMax = 4 << 30

    /// - Parameters:
    ///   - cacheDirectory: made when it is missing; several processes may share it.
    ///   - ffmpeg: path of the tool, with libx264.
    ///   - ffprobe: path of the tool.
    public init(cacheDirectory: String, ffmpeg: String, ffprobe: String) {
        cache = AnimationCache(directory: cacheDirectory)
        self.ffmpeg = ffmpeg
        self.ffprobe = ffprobe
    }

    /// A loop of `operatorFile`, or of the built-in scene when that is nil; prepared now if it is not in the cache.
    ///
    /// Blocks: seconds for the built-in scene, minutes for a long film. `progress` is told 0...1 on this thread.
    /// - Throws: `AnimationError`. The cache is then as it was.
    public func prepare(
        operatorFile: String?, format: PictureFormat, progress: (Double) -> Void = { _ in },
        isCancelled: () -> Bool = { false }
    ) throws -> PreparedAnimation {
        try format.check()
        let input = try operatorFile.map { (name: $0, file: try Self.open($0)) }
        do {
            try FileManager.default.createDirectory(atPath: cache.directory, withIntermediateDirectories: true)
            let key = try key(of: input, format: format, isCancelled: isCancelled)
            if let facts = cache.find(key) { return prepared(key, format, facts, fromCache: true) }
            return try cache.exclusively(isCancelled: isCancelled) { scratch in
                // Whoever held the lock may have made it meanwhile.
                if let facts = cache.find(key) { return prepared(key, format, facts, fromCache: true) }
                let movie = "\(scratch)/loop.mp4"
                let facts = try make(input, format, movie, scratch, progress, isCancelled)
                try cache.publish(key, movie: movie, facts: facts)
                cache.prune()
                progress(1)
                return prepared(key, format, facts, fromCache: false)
            }
        } catch let error as AnimationError {
            throw error
        } catch {
            throw AnimationError.cache(directory: cache.directory, reason: "\(error)")
        }
    }

    private func make(
        _ input: (name: String, file: FileDescriptor)?, _ format: PictureFormat, _ movie: String, _ scratch: String,
        _ progress: (Double) -> Void, _ isCancelled: () -> Bool
    ) throws -> LoopEncoder.Facts {
        let encoder = LoopEncoder(ffmpeg: ffmpeg, ffprobe: ffprobe, format: format, scratch: scratch)
        guard let input else {
            let scene = NightScene(fitting: format)
            var paper = scene.blank
            return try encoder.encode(
                size: (scene.width, scene.height), seconds: LoopPlan.likedSeconds,
                draw: { scene.frame(atSecond: Double($0) / Double(format.framesPerSecond), using: &paper) }, to: movie,
                progress: progress, isCancelled: isCancelled)
        }
        let probe = SourceProbe(name: input.name, file: input.file, ffprobe: ffprobe, scratch: scratch)
        let source = try probe.look(isCancelled: isCancelled)
        let plan = LoopPlan.plan(sourceSeconds: source.seconds)
        return try encoder.encode(
            source, name: input.name, file: input.file, plan: plan, to: movie, progress: progress,
            isCancelled: isCancelled)
    }

    /// Content, format and recipe; not the name, so a renamed film is not made again.
    private func key(
        of input: (name: String, file: FileDescriptor)?, format: PictureFormat, isCancelled: () -> Bool
    ) throws -> String {
        let salt =
            "recipe \(LoopEncoder.recipe) \(format.width)x\(format.height) \(format.framesPerSecond) "
            + "\(format.videoKbps) \(input == nil ? "scene" : "file")\n"
        guard let input else {
            var hash = SHA256()
            hash.update(salt)
            return hash.finishHex()
        }
        let digest: (bytes: Int, sha256: String)
        do {
            digest = try AnimationCache.digest(
                of: input.file, salt: salt, bytesMax: Self.fileBytesMax, isCancelled: isCancelled)
        } catch let error as SystemError {
            throw AnimationError.unreadable(file: input.name, reason: "\(error)")
        }
        if digest.bytes == 0 { throw AnimationError.empty(file: input.name) }
        if digest.bytes > Self.fileBytesMax {
            throw AnimationError.tooLarge(file: input.name, reason: "more than \(Self.fileBytesMax >> 30) GiB")
        }
        return digest.sha256
    }

    private func prepared(
        _ key: String, _ format: PictureFormat, _ facts: LoopEncoder.Facts, fromCache: Bool
    ) -> PreparedAnimation {
        PreparedAnimation(
            path: cache.moviePath(key), format: format, seconds: facts.seconds, frames: facts.frames,
            profile: facts.profile, level: facts.level, kbps: facts.kbps, fromCache: fromCache)
    }

    private static func open(_ name: String) throws(AnimationError) -> FileDescriptor {
        let file: FileDescriptor
        do {
            // Without waiting: opening a pipe would last until somebody writes to it.
            file = try FileDescriptor.open(name, O_RDONLY | O_NONBLOCK)
        } catch {
            switch error.code {
            case ENOENT, ENOTDIR: throw .missing(file: name)
            default: throw .unreadable(file: name, reason: String(cString: strerror(error.code)))
            }
        }
        var about = stat()
        guard fstat(file.number, &about) == 0, about.st_mode & S_IFMT == S_IFREG else { throw .notAFile(file: name) }
        return file
    }
}
