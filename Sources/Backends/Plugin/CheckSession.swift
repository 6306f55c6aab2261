internal import Domain
internal import IPC
internal import Platform

/// One process of a plug-in under check, driven by hand.
final class CheckSession {
    let life: PluginLife
    private let check: PluginCheck
    private let scratch: String
    private var nextID = 1
    private var batches = 0

    struct Batch {
        var directory: String
        /// Path and what was said of it, by the item's place.
        var tracks: [Int: PluginBatch.Track] = [:]
        var failures: [Int: String] = [:]
        var progress = 0
    }

    /// - Parameter scratch: a directory of its own.
    init(_ check: PluginCheck, scratch: String) throws(PluginFault) {
        self.check = check
        self.scratch = scratch
        let log = PluginLog(name: "plug-in", now: check.clock.monotonicSeconds, say: check.say)
        life = try PluginLife(check.command, log: log)
    }

    /// Ends it and whatever it left.
    func end() { life.end(graceSeconds: 0) }

    func call(
        _ method: String, _ parameters: JSONValue = .object([:]), limit: PluginCall.Limit? = nil,
        cancellation: Cancellation = Cancellation(),
        heard: (String, JSONValue) throws(PluginFault) -> Void = { _, _ in }
    ) throws(PluginFault) -> JSONValue {
        let id = nextID
        nextID += 2
        let call = PluginCall(
            life: life, id: id, method: method, limit: limit ?? .whole(seconds: check.limits.describeSeconds),
            cancelSeconds: check.limits.cancelSeconds, clock: check.clock)
        return try call.perform(parameters, cancellation: cancellation, heard: heard)
    }

    func describe() throws(PluginFault) -> PluginDescription {
        // A member that no version knows has to be passed over.
        try PluginDescription(call("describe", .object(["protocol": .integer(1), "weather": .string("monsoon")])))
    }

    /// - Returns: what it says it keeps in memory.
    @discardableResult
    func load() throws -> Int? {
        let directory = scratch + "/kept"
        try Files.makeDirectory(directory)
        let answer = try call(
            "load", PluginLoad.parameters(directory: directory, threads: 2, memoryBytesMax: nil),
            limit: .silence(seconds: check.limits.silenceSeconds))
        _ = try PluginLoad.batchMax(answer)
        return try PluginMembers(value: answer, method: "load").whole("memory_bytes", 0...Int.max)
    }

    func request(_ position: Int, seconds: Double? = nil, seed: UInt64 = 7, continues: [Int] = []) -> TrackRequest {
        TrackRequest(
            prompt: check.prompt, number: 40 + position, positionInPrompt: position, continues: continues,
            seconds: seconds ?? check.seconds, seed: seed)
    }

    /// - Parameter during: called at every word that comes, with the number of words so far.
    func generate(
        _ requests: [TrackRequest], cancellation: Cancellation = Cancellation(), during: (Int) -> Void = { _ in }
    ) throws -> Batch {
        batches += 1
        var batch = Batch(directory: "\(scratch)/batch_\(batches)")
        try Files.makeDirectory(batch.directory)
        let asked = PluginBatch(requests, directory: batch.directory)
        var words = 0
        let answer = try call(
            "generate", asked.parameters, limit: .silence(seconds: check.limits.silenceSeconds),
            cancellation: cancellation,
            heard: { name, parameters throws(PluginFault) in
                words += 1
                during(words)
                if name == "progress" { batch.progress += 1 }
                guard name == "track" else { return }
                let track = try asked.track(parameters)
                guard batch.tracks.updateValue(track, forKey: track.place) == nil else {
                    throw .wrongAnswer(method: name, why: "'\(asked.ids[track.place])' was handed over twice")
                }
            })
        for (place, why) in try asked.failures(answer) where batch.tracks[place] == nil { batch.failures[place] = why }
        if let missing = requests.indices.first(where: { batch.tracks[$0] == nil && batch.failures[$0] == nil }) {
            throw PluginCheck.Broken(seen: "not a word about item '\(asked.ids[missing])'")
        }
        return batch
    }

    /// One track by itself.
    func track(_ request: TrackRequest, during: (Int) -> Void = { _ in }) throws -> PluginBatch.Track {
        let batch = try generate([request], during: during)
        guard let track = batch.tracks[0] else {
            throw PluginCheck.Broken(seen: "the track failed: \(batch.failures[0] ?? "no reason given")")
        }
        return track
    }
}
