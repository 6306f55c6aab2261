internal import Domain
internal import IPC
public import Platform
internal import Synchronization

/// A program that speaks the plug-in protocol (plugins/README.md), as a backend.
///
/// Whatever the program does, from a crash to a line that never ends, is one error here, in a sentence that names it;
/// its process is ended then and a new one started by the next `prepare`.
public final class PluginBackend: MusicBackend {
    /// What is decided before it is started.
    public struct Settings: Sendable {
        /// As in the configuration.
        public var name: String
        /// A place of its own that is kept, made when it is needed.
        public var directory: String
        public var threads: Int?
        public var memoryBytesMax: Int?
        public var limits = PluginLimits()
        /// Told what it is at while it loads, whenever it says a word.
        public var onLoading: @Sendable (String) -> Void = { _ in }
        /// What is said of it before it has been asked.
        public var presumed: BackendDescription

        public init(name: String, directory: String, presumed: BackendDescription) {
            self.name = name
            self.directory = directory
            self.presumed = presumed
        }
    }

    private struct State {
        var life: PluginLife?
        var isLoaded = false
        var description: PluginDescription?
        /// On this machine, by what `load` answered and by what did not fit its memory.
        var batchMax: Int?
        var threads: Int?
        var nextID = 1
        var batches = 0
    }

    public let name: String
    private let settings: Settings
    private let command: @Sendable () throws(BackendError) -> PluginCommand
    private let clock: any StationClock
    private let say: @Sendable (String) -> Void
    private let state: Mutex<State>

    /// - Parameters:
    ///   - command: asked at each start, so that what is installed meanwhile counts.
    ///   - say: takes its log, line by line.
    public init(
        _ settings: Settings, clock: any StationClock = SystemClock(),
        say: @escaping @Sendable (String) -> Void = { Log.line($0) },
        command: @escaping @Sendable () throws(BackendError) -> PluginCommand
    ) {
        name = settings.name
        self.settings = settings
        self.command = command
        self.clock = clock
        self.say = say
        state = Mutex(State(threads: settings.threads))
    }

    deinit { end(graceSeconds: 0) }

    public func describe() -> BackendDescription {
        let (description, batchMax, life) = state.withLock { ($0.description, $0.batchMax, $0.life) }
        var told = settings.presumed
        if let description {
            told = BackendDescription(
                model: description.model, licence: description.licence, nonCommercial: description.nonCommercial,
                batchMax: description.batchMax, continues: description.continues,
                realTimeFactorExpected: description.realTimeFactor)
        }
        told.batchMax = batchMax ?? told.batchMax
        told.memoryBytes = life?.memoryBytes
        return told
    }

    public func prepare(cancellation: Cancellation) throws {
        do throws(PluginFault) {
            _ = try loaded(cancellation)
        } catch { throw told(error) }
    }

    /// What it says of itself when it is asked, without loading anything.
    public func introduce(cancellation: Cancellation) throws -> BackendDescription {
        do throws(PluginFault) {
            _ = try described(cancellation)
        } catch { throw told(error) }
        return describe()
    }

    /// How it would be started now.
    /// - Throws: `.notInstalled`.
    public func startCommand() throws(BackendError) -> PluginCommand { try command() }

    public func render(
        _ requests: [TrackRequest], into directory: String, cancellation: Cancellation,
        progress: @Sendable (Double) -> Void, onTrack: (Int, Result<RenderedTrack, BackendError>) -> Void
    ) throws {
        var waiting = Array(requests.indices)
        var hasHalved = false
        while !waiting.isEmpty {
            let batch = Array(waiting.prefix(max(1, describe().batchMax)))
            let before = Double(requests.count - waiting.count) / Double(requests.count)
            let share = Double(batch.count) / Double(requests.count)
            var reported: Set<Int> = []
            do throws(PluginFault) {
                try generate(
                    batch.map { requests[$0] }, into: directory, cancellation: cancellation,
                    progress: { progress(before + share * $0) },
                    onTrack: { place, result in
                        reported.insert(place)
                        onTrack(batch[place], result)
                    })
            } catch {
                guard case .answered(PluginFault.Code.outOfMemory, let why, _) = error, !hasHalved, batch.count > 1
                else {
                    throw told(error)
                }
                hasHalved = true
                state.withLock { $0.batchMax = batch.count / 2 }
                say(
                    "\(name): warning: \(batch.count) tracks at once do not fit (\(why)); \(batch.count / 2) from now on"
                )
            }
            let done = Set(reported.map { batch[$0] })
            waiting.removeAll { done.contains($0) }
        }
    }

    public func tune(threads: Int?) {
        let threads = threads ?? settings.threads
        let life = state.withLock { state -> PluginLife? in
            if state.threads == threads { return nil }
            state.threads = threads
            return state.isLoaded ? state.life : nil
        }
        // There is no word for "as many as you like": what the machine has is the same.
        let parameters = JSONValue.object(["threads": .integer(threads ?? MachineLoad().cpusAllowed)])
        try? life?.send(.notification(method: "tune", parameters: parameters), of: "tune")
    }

    public func release() {
        guard let life = state.withLock({ $0.isLoaded ? $0.life : nil }), !life.hasEnded else { return }
        state.withLock { $0.isLoaded = false }
        do throws(PluginFault) {
            let limit = PluginCall.Limit.whole(seconds: settings.limits.unloadSeconds)
            _ = try call(life, "unload", .object([:]), limit, Cancellation())
        } catch {
            say("\(name): warning: \(error)")
            if !error.leavesItUsable { end(graceSeconds: 0) }
        }
    }

    public func close() { end(graceSeconds: settings.limits.endSeconds) }

    // MARK: - Its life

    private func end(graceSeconds: Double) {
        let life = state.withLock { state -> PluginLife? in
            defer { state.life = nil }
            state.isLoaded = false
            return state.life
        }
        life?.end(graceSeconds: graceSeconds)
    }

    /// What a fault means for the process, and as an error of this room.
    private func told(_ fault: PluginFault) -> BackendError {
        if !fault.leavesItUsable, fault != .cancelled { end(graceSeconds: 0) }
        switch fault {
        case .cancelled: return .cancelled
        case .answered(PluginFault.Code.notInstalled, let why, _): return .notInstalled(backend: name, why: why)
        default: return .plugin(backend: name, fault)
        }
    }

    /// A life that has been described and loaded: the one there is, or a new one.
    private func loaded(_ cancellation: Cancellation) throws(PluginFault) -> PluginLife {
        let life = try described(cancellation)
        if !state.withLock({ $0.isLoaded }) { try load(life, cancellation) }
        return life
    }

    private func described(_ cancellation: Cancellation) throws(PluginFault) -> PluginLife {
        let there = state.withLock { $0.life }
        if let there, !there.hasEnded { return there }
        if there != nil {
            say("\(name): warning: it ended while nothing was asked of it; it is started anew")
            end(graceSeconds: 0)
        }
        let life = try start()
        state.withLock { $0.life = life }
        let limit = PluginCall.Limit.whole(seconds: settings.limits.describeSeconds)
        let answer = try call(life, "describe", PluginDescription.parameters, limit, cancellation)
        let description = try PluginDescription(answer)
        let isNews = state.withLock { state in
            defer { state.description = description }
            return state.description != description
        }
        if isNews { say("\(name): \(description.introduction)") }
        return life
    }

    private func start() throws(PluginFault) -> PluginLife {
        let command: PluginCommand
        do throws(BackendError) { command = try self.command() } catch {
            if case .notInstalled(_, let why) = error {
                throw .answered(code: PluginFault.Code.notInstalled, message: why, method: "start")
            }
            throw .answered(code: 0, message: "\(error)", method: "start")
        }
        return try PluginLife(command, log: PluginLog(name: name, now: clock.monotonicSeconds, say: say))
    }

    private func load(_ life: PluginLife, _ cancellation: Cancellation) throws(PluginFault) {
        do throws(SystemError) {
            try Files.makeDirectory(Files.parent(of: settings.directory))
            try Files.makeDirectory(settings.directory)
        } catch { throw .answered(code: 0, message: "\(error)", method: "load") }
        let threads = state.withLock { $0.threads }
        let answer = try call(
            life, "load",
            PluginLoad.parameters(
                directory: settings.directory, threads: threads, memoryBytesMax: settings.memoryBytesMax),
            .silence(seconds: settings.limits.silenceSeconds), cancellation,
            heard: { name, parameters throws(PluginFault) in
                let words = try PluginMembers(value: parameters, method: name).optionalText("words")
                settings.onLoading(words ?? "at work")
            })
        let batchMax = try PluginLoad.batchMax(answer)
        state.withLock { state in
            // What did not fit the memory once does not fit it after a new start either.
            state.batchMax = [batchMax, state.batchMax].compactMap { $0 }.min()
            state.isLoaded = true
        }
    }

    private func call(
        _ life: PluginLife, _ method: String, _ parameters: JSONValue, _ limit: PluginCall.Limit,
        _ cancellation: Cancellation,
        heard: (String, JSONValue) throws(PluginFault) -> Void = { _, _ in }
    ) throws(PluginFault) -> JSONValue {
        // A call takes two numbers: its own, and that of the `cancel` it may need.
        let id = state.withLock { state in
            defer { state.nextID += 2 }
            return state.nextID
        }
        let call = PluginCall(
            life: life, id: id, method: method, limit: limit, cancelSeconds: settings.limits.cancelSeconds,
            clock: clock)
        return try call.perform(parameters, cancellation: cancellation, heard: heard)
    }

    // MARK: - Music

    private func generate(
        _ requests: [TrackRequest], into parent: String, cancellation: Cancellation,
        progress: (Double) -> Void, onTrack: (Int, Result<RenderedTrack, BackendError>) -> Void
    ) throws(PluginFault) {
        let life = try loaded(cancellation)
        let description = state.withLock { $0.description }
        let directory = try batchDirectory(in: parent)
        let batch = PluginBatch(requests, directory: directory)
        var waiting = Set(requests.indices)
        var kept: Set<String> = []
        defer { sweep(directory, except: kept) }
        func take(_ name: String, _ parameters: JSONValue) throws(PluginFault) {
            if name == "progress", let done = try PluginMembers(value: parameters, method: name).number("fraction") {
                progress(min(1, done))
            }
            guard name == "track" else { return }
            let track = try batch.track(parameters)
            guard waiting.remove(track.place) != nil else {
                throw .wrongAnswer(method: "generate", why: "it handed over track '\(batch.ids[track.place])' twice")
            }
            kept.insert(track.file)
            onTrack(track.place, .success(rendered(track, requests[track.place], description)))
        }
        do throws(PluginFault) {
            let answer = try call(
                life, "generate", batch.parameters, .silence(seconds: settings.limits.silenceSeconds), cancellation,
                heard: take)
            for (place, why) in try batch.failures(answer) where waiting.remove(place) != nil {
                onTrack(place, .failure(.requestFailed(backend: name, why: why)))
            }
            guard let first = waiting.min() else { return }
            let why = "it ended the batch without a word about track '\(batch.ids[first])'"
            throw PluginFault.wrongAnswer(method: "generate", why: why)
        } catch {
            guard case .answered(PluginFault.Code.requestAtFault, let why, _) = error else { throw error }
            for place in waiting.sorted() { onTrack(place, .failure(.requestFailed(backend: name, why: why))) }
        }
    }

    /// Each batch has a directory of its own: names that a plug-in uses again would overwrite what is being checked.
    private func batchDirectory(in parent: String) throws(PluginFault) -> String {
        let number = state.withLock { state in
            state.batches += 1
            return state.batches
        }
        let directory = "\(parent)/\(name)_\(number)"
        do throws(SystemError) { try Files.makeDirectory(directory) } catch {
            throw .answered(code: 0, message: "\(error)", method: "generate")
        }
        return directory
    }

    /// Removes what the plug-in left beside its tracks.
    private func sweep(_ directory: String, except kept: Set<String>) {
        for name in (try? Files.names(in: directory)) ?? [] where !kept.contains("\(directory)/\(name)") {
            try? Files.removeTree("\(directory)/\(name)")
        }
        if kept.isEmpty { try? Files.removeTree(directory) }
    }

    private func rendered(
        _ track: PluginBatch.Track, _ request: TrackRequest, _ description: PluginDescription?
    ) -> RenderedTrack {
        let usual = "\(request.prompt.name) · \(request.positionInPrompt + 1)"
        let title = track.title.flatMap { $0.allSatisfy(\.isWhitespace) ? nil : $0 } ?? usual
        return RenderedTrack(
            file: track.file, title: title,
            provenance: Provenance(
                backend: name, model: description?.model, licence: description?.licence,
                nonCommercial: description?.nonCommercial, seed: request.trackSeed, renderSeconds: track.renderSeconds),
            continued: track.continued)
    }
}
