public import Domain
internal import Glibc
internal import Platform

/// Does a program keep to the plug-in protocol? A trial for each thing that the page (plugins/README.md) asks, each with
/// a process of its own.
public struct PluginCheck: Sendable {
    /// What a trial found.
    public struct Finding: Sendable, Codable, Equatable {
        public enum Verdict: String, Sendable, Codable {
            case kept, broken
            /// It does not claim to do that, or an earlier trial left nothing to try.
            case skipped
        }

        /// What the page asks.
        public var requirement: String
        public var verdict: Verdict
        /// What was seen.
        public var seen: String
        /// What to do about it; nil where it is kept.
        public var advice: String?
    }

    let command: PluginCommand
    let ffmpeg: FFmpeg
    let limits: PluginLimits
    /// Length of the tracks it is asked for.
    let seconds: Double
    let prompt: Prompt
    /// Takes the plug-in's own log.
    let say: @Sendable (String) -> Void
    let clock: any StationClock = SystemClock()

    public init(
        command: PluginCommand, ffmpeg: FFmpeg, prompt: Prompt, seconds: Double = 5,
        limits: PluginLimits = PluginLimits(), say: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.command = command
        self.ffmpeg = ffmpeg
        self.prompt = prompt
        self.seconds = seconds
        self.limits = limits
        self.say = say
    }

    /// A thing to try, and what a plug-in's author should look at when it fails.
    struct Trial: Sendable {
        let requirement: String
        let advice: String
        /// Returns what was seen, or why it does not apply; what it throws is what is broken.
        let perform: @Sendable (PluginCheck, PluginDescription, String) throws -> Outcome
    }

    enum Outcome {
        case kept(String)
        case skipped(String)
    }

    /// What a trial found wrong.
    struct Broken: Error {
        let seen: String
    }

    /// Tries everything in `directory`, which is left empty.
    /// - Parameter tell: given each finding as it comes.
    /// - Returns: true when nothing is broken.
    /// - Throws: `.cancelled`.
    public func run(
        in directory: String, cancellation: Cancellation, tell: (Finding) -> Void
    ) throws(BackendError) -> Bool {
        try run(Self.trials, in: directory, cancellation: cancellation, tell: tell)
    }

    func run(
        _ trials: [Trial], in directory: String, cancellation: Cancellation, tell: (Finding) -> Void
    ) throws(BackendError) -> Bool {
        let first = "it starts, and answers describe with what it is"
        let description: PluginDescription
        do {
            description = try describe()
            tell(Finding(requirement: first, verdict: .kept, seen: description.introduction))
        } catch {
            let advice = "see `describe` on the page; it must be answered within 20 s and before anything is loaded"
            tell(Finding(requirement: first, verdict: .broken, seen: Self.words(error), advice: advice))
            return false
        }
        var isSound = true
        for (place, trial) in trials.enumerated() {
            if cancellation.isCancelled { throw .cancelled }
            let scratch = "\(directory)/\(place)"
            let finding = perform(trial, description, scratch)
            try? Files.removeTree(scratch)
            tell(finding)
            isSound = isSound && finding.verdict != .broken
        }
        return isSound
    }

    private func perform(_ trial: Trial, _ description: PluginDescription, _ scratch: String) -> Finding {
        do {
            try Files.makeDirectory(scratch)
            switch try trial.perform(self, description, scratch) {
            case .kept(let seen): return Finding(requirement: trial.requirement, verdict: .kept, seen: seen)
            case .skipped(let why): return Finding(requirement: trial.requirement, verdict: .skipped, seen: why)
            }
        } catch {
            return Finding(
                requirement: trial.requirement, verdict: .broken, seen: Self.words(error), advice: trial.advice)
        }
    }

    private func describe() throws -> PluginDescription {
        let session = try CheckSession(self, scratch: "/")
        defer { session.end() }
        return try session.describe()
    }

    private static func words(_ error: any Error) -> String {
        if let broken = error as? Broken { broken.seen } else { "\(error)" }
    }
}
