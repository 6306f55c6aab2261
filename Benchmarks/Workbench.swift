import Backends
import Config
import Domain
import Encoder
import FoundationEssentials
import Glibc
import Platform

/// What the measurements share: settings, the built binary, and the dear things that are made only once.
struct Workbench: Sendable {
    let settings: Settings
    let pace: Pace
    /// Everything is written under it, and removed in the end.
    let directory: String
    let searchPath: String
    /// The station's binary, beside this one.
    let executable: String

    /// The default picture: what a station is configured with when nobody says anything.
    static let picture = PictureFormat(width: 1280, height: 720, framesPerSecond: 30, videoKbps: 2500)
    static let audioKbps = 160

    init(settings: Settings, stop: StopSignal, directory: String) throws {
        self.settings = settings
        pace = Pace(stop: stop)
        self.directory = directory
        searchPath = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        executable = Files.parent(of: own) + "/lofisup"
        guard access(executable, X_OK) == 0 else { throw SystemError("find the built lofisup beside this program") }
    }

    func say(_ words: String) { Log.info(words) }

    func ffmpeg() throws -> Tool { try Tool("ffmpeg", searchPath: searchPath) }

    /// The built-in animation, prepared; made by the first who asks.
    func animation() throws -> String {
        try AnimationLibrary(
            cacheDirectory: cacheDirectory, ffmpeg: try ffmpeg(), ffprobe: try Tool("ffprobe", searchPath: searchPath),
            checksum: try Checksum(searchPath: searchPath)
        ).prepare(operatorFile: nil, format: Self.picture, isCancelled: { pace.stop.isGiven }).path
    }

    /// A new directory for a station, which finds the animation in its cache.
    func stationRoot(_ name: String) throws -> String {
        _ = try animation()
        let root = "\(directory)/\(name)"
        for place in ["", "/config", "/state"] { try Files.makeDirectory(root + place) }
        try FileManager.default.copyItem(atPath: cacheDirectory, toPath: root + "/cache")
        return root
    }

    /// One admitted track of the synth: what a station usually plays.
    func music() throws -> String {
        let file = "\(directory)/music.wav"
        if access(file, R_OK) == 0 { return file }
        let made = "\(directory)/music"
        try Files.makeDirectory(made)
        let request = TrackRequest(
            prompt: Prompt.stationDefaults[0], number: 1, positionInPrompt: 1, seconds: settings.admissionSeconds,
            seed: 7)
        let rendered = try SynthBackend(clock: SystemClock()).generate(
            request, into: made, cancellation: Cancellation(), progress: { _ in })
        _ = try Admission(ffmpeg: FFmpeg(searchPath: searchPath)).admit(
            rendered.file, seconds: request.seconds, to: file, cancellation: Cancellation())
        return file
    }

    private var cacheDirectory: String { "\(directory)/cache" }
}
