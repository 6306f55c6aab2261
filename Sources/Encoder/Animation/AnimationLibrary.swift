internal import FoundationEssentials
public import Platform

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
    private let ffmpeg: Tool
    private let ffprobe: Tool

    /// - Parameters:
    ///   - cacheDirectory: made when it is missing; several processes may share it.
    ///   - ffmpeg: with libx264.
    public init(cacheDirectory: String, ffmpeg: Tool, ffprobe: Tool, checksum: Checksum) {
        cache = AnimationCache(directory: cacheDirectory, checksum: checksum)
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
        let file = try operatorFile.map { try OperatorFile(opening: $0) }
        do {
            try FileManager.default.createDirectory(atPath: cache.directory, withIntermediateDirectories: true)
            let key = try key(of: file, format: format, isCancelled: isCancelled)
            if let facts = cache.find(key) { return prepared(key, format, facts, fromCache: true) }
            return try cache.exclusively(isCancelled: isCancelled) { scratch in
                // Whoever held the lock may have made it meanwhile.
                if let facts = cache.find(key) { return prepared(key, format, facts, fromCache: true) }
                let movie = "\(scratch)/loop.mp4"
                let facts = try make(file, format, movie, progress, isCancelled)
                try cache.publish(key, movie: movie, facts: facts)
                cache.prune()
                progress(1)
                return prepared(key, format, facts, fromCache: false)
            }
        } catch {
            throw AnimationError(error, in: cache.directory)
        }
    }

    private func make(
        _ file: OperatorFile?, _ format: PictureFormat, _ movie: String, _ progress: (Double) -> Void,
        _ isCancelled: () -> Bool
    ) throws -> LoopEncoder.Facts {
        let encoder = LoopEncoder(ffmpeg: ffmpeg, ffprobe: ffprobe, format: format)
        guard let file else {
            let scene = NightScene(fitting: format)
            var paper = scene.blank
            return try encoder.encode(
                size: (scene.width, scene.height), seconds: LoopPlan.likedSeconds,
                draw: { scene.frame(atSecond: Double($0) / Double(format.framesPerSecond), using: &paper) }, to: movie,
                progress: progress, isCancelled: isCancelled)
        }
        let source = try SourceProbe(file: file, ffprobe: ffprobe).look(isCancelled: isCancelled)
        return try encoder.encode(
            source, in: file, plan: LoopPlan.plan(sourceSeconds: source.seconds), to: movie, progress: progress,
            isCancelled: isCancelled)
    }

    /// Recipe, format and content; not the name, so a renamed film is not made again.
    private func key(of file: OperatorFile?, format: PictureFormat, isCancelled: () -> Bool) throws -> String {
        let content = try file?.sha256(cache.checksum, isCancelled: isCancelled) ?? "scene"
        return "r\(LoopEncoder.recipe)-\(format.width)x\(format.height)-\(format.framesPerSecond)-"
            + "\(format.videoKbps)-\(content)"
    }

    private func prepared(
        _ key: String, _ format: PictureFormat, _ facts: LoopEncoder.Facts, fromCache: Bool
    ) -> PreparedAnimation {
        PreparedAnimation(
            path: cache.moviePath(key), format: format, seconds: facts.seconds, frames: facts.frames,
            profile: facts.profile, level: facts.level, kbps: facts.kbps, fromCache: fromCache)
    }
}
